package tests

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// busy makes nginx write wherever it can: bodies and responses to temporary files,
// a cache, uploads, both logs.
const busy = `
proxy_cache_path /dev/shm/cache levels=1:2 keys_zone=small:1m;

server {
    listen 8080;
    client_max_body_size 8m;
    root /usr/share/nginx/html;

    include /etc/nginx/conf.d/*.part;

    location /upload/ {
        root /dev/shm;
        dav_methods PUT DELETE;
        create_full_put_path on;
    }
    location /cached/ {
        proxy_pass http://127.0.0.1:8081/;
        proxy_cache small;
        proxy_cache_valid any 1m;
    }
    location /passed/ {
        proxy_pass http://127.0.0.1:8081/upload/;
        client_body_in_file_only clean;
        proxy_max_temp_file_size 16m;
        proxy_buffers 4 4k;
    }
    location /broken/ {
        proxy_pass http://127.0.0.1:1/;
    }
}

server {
    listen 127.0.0.1:8081;
    client_max_body_size 8m;
    root /usr/share/nginx/html;
    location /upload/ {
        root /dev/shm/inner;
        dav_methods PUT DELETE;
        create_full_put_path on;
    }
}
`

func TestNothingChangesButSharedMemory(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]option{
		"as it is meant to run": nil,
		// It writes nothing else because it does not want to, not because it may not.
		"as root on a writable root": {user("0:0"), writableRoot(), command("nginx", "-g", "daemon off; user root root;")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := directory(t, map[string]string{"default.conf": busy})
			s := start(t, append(opts, files(dir, "/etc/nginx/conf.d"))...)
			before := s.export(t)
			require.NotEmpty(t, before)
			use(t, s, dir)
			after := s.export(t)
			assert.Empty(t, without(before, after), "this is gone or was another")
			assert.Empty(t, without(after, before), "this is new or another")
			diff, err := s.engine.ContainerDiff(t.Context(), s.GetContainerID(), client.ContainerDiffOptions{})
			require.NoError(t, err)
			assert.Empty(t, diff.Changes)
		})
	}
}

// without is what is in a and not, or not the same, in b.
func without(a, b []entry) []entry {
	return slices.DeleteFunc(slices.Clone(a), func(e entry) bool { return slices.Contains(b, e) })
}

// use does with nginx what makes it write, and what its operators do. Its
// configuration is in dir.
func use(t *testing.T, s *server, dir string) {
	t.Helper()
	body := strings.Repeat("0123456789abcdef", 1<<18) // 4 MiB, far over every buffer
	for range 3 {
		for _, request := range []struct {
			method, path, body string
			status             int
		}{
			{http.MethodPut, "/upload/a/b/c", body, 201},
			{http.MethodGet, "/upload/a/b/c", "", 200},
			{http.MethodDelete, "/upload/a/b/c", "", 204},
			{http.MethodPut, "/passed/d", body, 201},
			{http.MethodGet, "/passed/d", "", 200},
			{http.MethodDelete, "/passed/d", "", 204},
			{http.MethodGet, "/cached/index.html", "", 200},
			{http.MethodGet, "/cached/nothing", "", 404},
			{http.MethodGet, "/nothing", "", 404},
			{http.MethodGet, "/broken/", "", 502},
			{http.MethodPut, "/", body, 405},
		} {
			got := s.send(t, request.method, request.path, request.body)
			assert.Equal(t, request.status, got.Status, "%s %s", request.method, request.path)
		}
	}
	s.signal(t, "USR1") // open the logs again
	// The word about users is for the container that runs as root.
	code, _ := s.exec(t, "nginx", "-t", "-g", "user root root;")
	assert.Equal(t, 0, code)
	write(t, dir, map[string]string{"reloaded.part": "location = /reloaded { return 204; }"})
	s.signal(t, "HUP")
	eventually(t, "the reloaded configuration", func() bool { return s.get(t, "/reloaded").Status == http.StatusNoContent })
}

// send is get for requests with a body.
func (s *server) send(t *testing.T, method, path, body string) page {
	t.Helper()
	var content io.Reader = http.NoBody
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, content)
	require.NoError(t, err)
	return do(t, req)
}
