package tests

import (
	"net/http"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A container's health is what its nginx answers at the port that it has really opened.
func TestHealth(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	server := func(text string) option { return config(map[string]string{"x.conf": text}) }
	for name, tt := range map[string]struct {
		opts []option
		want string // empty: healthy
	}{
		"default server":        {[]option{ports("8080/tcp")}, ""},
		"the snippet, a page":   {[]option{server("server { listen 3000; location / { return 503; } include snippets/healthz.conf; }")}, ""},
		"another port":          {[]option{server("server { listen 3000; return 204; }")}, ""},
		"one address":           {[]option{server("server { listen 127.0.0.2:3000; return 204; }")}, ""},
		"IPv6 alone":            {[]option{ipv6(), server("server { listen [::1]:3000; return 204; }")}, ""},
		"no such page":          {[]option{server("server { listen 3000; root /nowhere; }")}, ""},
		"a page of its own":     {[]option{server("server { listen 3000; location = /healthz { return 503; } }")}, "nginx answers GET /healthz with 503"},
		"no upstream":           {[]option{server("server { listen 3000; location / { proxy_pass http://127.0.0.1:9; } }")}, "nginx answers GET /healthz with 502"},
		"unknown host":          {[]option{server("server { listen 3000; return 444; }")}, ""},
		"PROXY protocol":        {[]option{server("server { listen 3000 proxy_protocol; return 204; }")}, ""},
		"HTTP/2":                {[]option{server("server { listen 3000; http2 on; return 204; }")}, ""},
		"the default port last": {[]option{server("server { listen 3000; return 500; }\nserver { listen 8080; return 204; }")}, ""},
		"no port at all":        {[]option{server("server { listen unix:/dev/shm/x.sock; }")}, "nginx listens on no port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append([]option{ports()}, tt.opts...)...)
			s.awaitStart(t)
			began := time.Now()
			code, output := s.exec(t, "nginx-entry", "healthcheck")
			assert.Less(t, time.Since(began), 5*time.Second) // the engine's share is not ours to bound
			if tt.want == "" {
				assert.Equal(t, 0, code, output)
				assert.Empty(t, output)
				return
			}
			assert.Equal(t, 1, code)
			assert.Equal(t, "nginx-entry: "+tt.want+"\n", output)
		})
	}
}

// awaitStart returns when nginx has read its configuration, whatever it listens on.
func (s *server) awaitStart(t *testing.T) {
	t.Helper()
	eventually(t, "nginx's process ID", func() bool {
		code, _ := s.exec(t, "nginx", "-s", "reopen") // which finds it in a file that is written last
		return code == 0
	})
}

// A worker that hangs is found out within a second.
func TestHealthOfAHangingServer(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	if os.Getuid() != 0 || !engineIsLocal() {
		t.Skip("only root on the engine's machine can stop a process of the container")
	}
	s := start(t)
	for _, id := range s.workers(t) {
		pid, err := strconv.Atoi(id)
		require.NoError(t, err)
		require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
		defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }() // it is ours: the container's cleanup ends it
	}
	code, output := s.exec(t, "nginx-entry", "healthcheck")
	assert.Equal(t, 1, code)
	assert.Equal(t, "nginx-entry: nginx did not answer GET /healthz within a second\n", output)
}

// Docker asks by itself, and asking leaves no line in the log.
func TestEngineSeesTheHealth(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	s := start(t, healthchecks(time.Second))
	got := s.get(t, "/healthz")
	assert.Equal(t, http.StatusOK, got.Status)
	assert.Equal(t, "ok\n", got.Body)
	assert.Equal(t, "text/plain", got.Header.Get("Content-Type"))
	eventually(t, "a healthy container", func() bool {
		health := s.state(t).Health
		require.NotNil(t, health)
		return health.Status == "healthy"
	})
	stdout, stderr := s.logs(t)
	assert.Empty(t, stdout)
	assert.Empty(t, stderr)
}
