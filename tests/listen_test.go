package tests

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Port 8080, in /proc/net/tcp and tcp6.
const (
	onIPv4 = "00000000:1F90"
	onIPv6 = "00000000000000000000000000000000:1F90"
)

// Where a kernel has no IPv6, or no IPv4, asking for such a socket fails. A filter of
// system calls gives the same answer.
func withoutFamily(t *testing.T, family int) option {
	t.Helper()
	const unsupported = 97 // EAFNOSUPPORT
	profile, err := json.Marshal(map[string]any{
		"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": []any{map[string]any{
			"names": []string{"socket"}, "action": "SCMP_ACT_ERRNO", "errnoRet": unsupported,
			"args": []any{map[string]any{"index": 0, "value": family, "op": "SCMP_CMP_EQ"}},
		}},
	})
	require.NoError(t, err)
	return seccomp(string(profile))
}

// The default server is on both, on the one that there is where there are not both, and
// never keeps nginx from starting.
func TestListensOnTheAddressesThatThereAre(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	const inet, inet6 = 2, 10
	for name, tt := range map[string]struct {
		opts      []option
		four, six bool
	}{
		"both":                {nil, true, true},
		"no IPv6 in kernel":   {[]option{withoutFamily(t, inet6)}, true, false},
		"no IPv4 in kernel":   {[]option{withoutFamily(t, inet), noWait(), ipv6()}, false, true},
		"IPv6 off by sysctl":  {[]option{host(func(h *container.HostConfig) { h.Sysctls = map[string]string{"net.ipv6.conf.all.disable_ipv6": "1"} })}, true, true},
		"IPv6 on by sysctl":   {[]option{ipv6()}, true, true},
		"only its own lo, v4": {[]option{host(func(h *container.HostConfig) { h.NetworkMode = "none"; h.PortBindings = nil }), noWait()}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tt.opts...)
			eventually(t, "nginx on some address", func() bool {
				return strings.Contains(s.sockets(t, "tcp")+s.sockets(t, "tcp6"), ":1F90")
			})
			assert.Equal(t, tt.four, strings.Contains(s.sockets(t, "tcp"), " "+onIPv4+" "))
			assert.Equal(t, tt.six, strings.Contains(s.sockets(t, "tcp6"), " "+onIPv6+" "))
			code, output := s.exec(t, "nginx-entry", "healthcheck")
			assert.Equal(t, 0, code, output)
			code, output = s.exec(t, "nginx", "-t")
			assert.Equal(t, 0, code, output)
		})
	}
}

// ipv6 gives the container an IPv6 loopback, which the engine takes from networks without IPv6.
func ipv6() option {
	return host(func(h *container.HostConfig) { h.Sysctls = map[string]string{"net.ipv6.conf.all.disable_ipv6": "0"} })
}

// sockets is the kernel's table of the container's network.
func (s *server) sockets(t *testing.T, table string) string {
	t.Helper()
	if !engineIsLocal() {
		t.Skip("the engine is on another machine: its tables cannot be read from here")
	}
	state := s.state(t)
	require.True(t, state.Running, "nginx ended")
	text, err := os.ReadFile(path.Join("/proc", strconv.Itoa(state.Pid), "net", table))
	require.NoError(t, err)
	return string(text)
}

func TestPortIsThatOfTheEnvironment(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	s := start(t, env(map[string]string{"NGINX_PORT": "9000"}), ports("9000/tcp"))
	s.URL = "http://" + s.addr(t, "9000/tcp")
	assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
	assert.NotContains(t, s.sockets(t, "tcp")+s.sockets(t, "tcp6"), ":1F90 ", "8080 is open too")
	code, output := s.exec(t, "nginx-entry", "healthcheck")
	assert.Equal(t, 0, code, output)
}

// The page for monitoring is on a socket below /dev/shm and nowhere else.
func TestStatusIsOnASocketOnly(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	s := start(t)
	assert.Equal(t, http.StatusForbidden, s.get(t, "/stub_status").Status)
	errorsInLog := func() int {
		_, stderr := s.logs(t)
		return strings.Count(stderr, "[error]")
	}
	eventually(t, "the refusal in the log", func() bool { return errorsInLog() > 0 }) // which the engine is behind with
	if os.Getuid() != 0 || !engineIsLocal() {
		t.Skip("only root on the engine's machine can reach into the container")
	}
	client := &http.Client{Transport: &http.Transport{
		Dial: func(string, string) (net.Conn, error) { //nolint:staticcheck // there is no context to end it
			return net.Dial("unix", path.Join("/proc", strconv.Itoa(s.state(t).Pid), "root/dev/shm/nginx/status.sock"))
		},
	}}
	defer client.CloseIdleConnections()
	got := fetch(t, client, http.MethodGet, "http://localhost/stub_status")
	assert.Equal(t, http.StatusOK, got.status)
	assert.Regexp(t, `^Active connections: \d+ \nserver accepts handled requests\n \d+ \d+ \d+ \n`, got.body)
	assert.Equal(t, 1, errorsInLog(), "asking on the socket is no error")
}

// Where /dev/shm is a volume, what a killed nginx has left is there for the next one:
// Kubernetes starts containers of a pod again with the same emptyDir.
func TestStartsAgainAfterBeingKilled(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	shared := directory(t, nil)
	require.NoError(t, os.Chmod(shared, 0o1777))
	opts := []option{
		host(func(h *container.HostConfig) { h.Binds = append(h.Binds, shared+":/dev/shm") }),
		env(map[string]string{"NAME": "x"}),
		templates(map[string]string{"x.conf.template": "server { listen 8081; server_name ${NAME}; return 204; }\n"}),
	}
	s := start(t, opts...)
	require.Equal(t, http.StatusOK, s.get(t, "/").Status)
	s.signal(t, "KILL")
	require.Equal(t, 137, s.exit(t))
	assert.FileExists(t, path.Join(shared, "nginx/status.sock"), "a killed nginx leaves its socket")
	again := start(t, opts...)
	assert.Equal(t, http.StatusOK, again.get(t, "/").Status)
}
