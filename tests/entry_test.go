package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Templates as in the official images' documentation, on a read-only root and as any
// user: the one that makes default.conf is in the place of the default server.
func TestTemplatesAreRendered(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	s := start(t, user("1000620000:0"),
		env(map[string]string{"NGINX_HOST": "www.example.com", "MESSAGE": "it is $uri", "uri": "/not-this", "BRACE": "}"}),
		templates(map[string]string{
			"default.conf.template": "server {\n    listen 8080;\n    server_name ${NGINX_HOST};\n    location / {\n" +
				"        default_type text/plain;\n        return 200 \"${NGINX_HOST} $uri ${MESSAGE}\\n\";\n    }\n}\n",
			"second.conf.template": "server {\n    listen 8080;\n    server_name second;\n    location / { return 204; }\n${BRACE}\n",
			"notes.txt":            "${NGINX_HOST}",
		}))
	_, stderr := s.logs(t)
	require.NotContains(t, stderr, "conflicting server name")
	assert.Equal(t, "www.example.com /page it is /page\n", s.get(t, "/page").Body)
	code, dump := s.exec(t, "nginx", "-T")
	assert.Equal(t, 0, code)
	assert.Contains(t, dump, "# configuration file /dev/shm/nginx/conf.d/second.conf:\n")
	assert.Regexp(t, `(?s)configuration file /etc/nginx/conf\.d/default\.conf:.*configuration file /dev/shm/nginx/conf\.d/default\.conf:`, dump,
		"what is rendered is included after conf.d")
	diff, err := s.engine.ContainerDiff(t.Context(), s.GetContainerID(), client.ContainerDiffOptions{})
	require.NoError(t, err)
	for _, c := range diff.Changes { // what the engine makes for its mounts
		assert.Contains(t, "/etc/nginx/templates", c.Path)
	}
	code, output := s.exec(t, "nginx-entry", "healthcheck")
	assert.Equal(t, 0, code, output)
}

// An upstream of megabytes, as a service mesh would generate it.
func TestLargeTemplates(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	text := "geo $remote_addr $many {\n    default ${DEFAULT};\n" + strings.Repeat("    10.0.0.0/8 1; # ${DEFAULT} and a comment that makes it long\n", 60_000) + "}\n"
	require.Greater(t, len(text), 3<<20)
	s := start(t, env(map[string]string{"DEFAULT": "0"}), templates(map[string]string{"many.conf.template": text}))
	assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
}

// nginx does not start with half of a configuration, and the log says why it did not.
func TestEntryRefuses(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	for name, tt := range map[string]struct {
		opts []option
		want string
	}{
		"result without room": {
			[]option{shmSize(64 << 10), templates(map[string]string{"x.conf.template": strings.Repeat("# much\n", 20_000)})},
			"nginx-entry: /dev/shm/nginx/conf.d/x.conf: there is no room: give the container more of /dev/shm",
		},
		"file of somebody else's": {
			[]option{files(directory(t, map[string]string{"x.conf": ""}), "/dev/shm/nginx"), templates(map[string]string{"x.conf.template": ""})},
			"nginx-entry: /dev/shm/nginx is no folder of this user's",
		},
		"read-only folder": {
			[]option{env(map[string]string{"NGINX_ENVSUBST_OUTPUT_DIR": "/etc/nginx/conf.d"}), templates(map[string]string{"x.conf.template": ""})},
			"nginx-entry: making /etc/nginx/conf.d/x.conf.new: Read-only file system",
		},
		"existing file": {
			[]option{
				host(func(h *container.HostConfig) { h.Tmpfs = map[string]string{"/out": "mode=1777"} }),
				files(directory(t, map[string]string{"x.conf": "# yours\n"})+"/x.conf", "/out/x.conf"),
				env(map[string]string{"NGINX_ENVSUBST_OUTPUT_DIR": "/out"}), templates(map[string]string{"x.conf.template": ""}),
			},
			"nginx-entry: /out/x.conf is there already: remove it, or name the template otherwise",
		},
		// As in the official images, what is not defined stays; then nginx names it.
		"undefined": {
			[]option{templates(map[string]string{"x.conf.template": "server { server_name ${NOWHERE}; root $NOWHERE; }"})},
			`unknown "nowhere" variable`,
		},
		"a port that is none": {[]option{env(map[string]string{"NGINX_PORT": "80; server_name x"})}, "nginx-entry: NGINX_PORT is 80; server_name x: it must be a number"},
		"a shell":             {[]option{command("sh", "-c", "echo")}, "nginx-entry: cannot run sh: No such file or directory. The image has no program but nginx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, tt.opts...)
			assert.NotEqual(t, 0, code)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tt.want)
		})
	}
}

// The command lines of the official images' users.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]option{
		"the image's own":            nil,
		"nginx -g 'daemon off;'":     {command("nginx", "-g", "daemon off;")},
		"by its path":                {command("/usr/sbin/nginx", "-g", "daemon off;")},
		"another configuration":      {command("nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;")},
		"without the entry point":    {entrypoint("nginx", "-g", "daemon off;")}, // Kubernetes' "command"
		"its path, no entry point":   {entrypoint("/usr/sbin/nginx", "-g", "daemon off;")},
		"with a terminal, and a log": {tty(), command("nginx", "-g", "daemon off; error_log stderr notice;")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, opts...)
			assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
			code, output := s.exec(t, "nginx", "-s", "reload")
			assert.Equal(t, 0, code, output)
			assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
		})
	}
}

func TestOptionsAloneAreNginxs(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	code, stdout, stderr := run(t, command("-v"))
	assert.Equal(t, 0, code)
	assertVersion(t, stdout+stderr)
}
