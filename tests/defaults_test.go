package tests

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A browser is told the same of pages, files and errors.
func TestHeadersOfTheDefaultServer(t *testing.T) {
	t.Parallel()
	s := start(t, site(map[string]string{"index.html": "x", "a.css": "x"}))
	for path, status := range map[string]int{
		"/": http.StatusOK, "/a.css": http.StatusOK, "/healthz": http.StatusOK, "/missing": http.StatusNotFound, "/.git/config": http.StatusNotFound,
	} {
		got := s.get(t, path)
		assert.Equal(t, status, got.Status, path)
		assert.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "strict-origin-when-cross-origin", got.Header.Get("Referrer-Policy"), path)
		assert.Equal(t, "frame-ancestors 'self'; base-uri 'self'", got.Header.Get("Content-Security-Policy"), path)
		assert.Equal(t, "nginx", got.Header.Get("Server"), path)
	}
}

// What strays into a site is not served, at any depth; what is meant to be there is.
func TestHiddenFilesAreNotServed(t *testing.T) {
	t.Parallel()
	hidden := []string{".env", ".git/config", "a/b/.htpasswd", "a/.svn/entries", ".well-known-not/x"}
	contents := map[string]string{".well-known/security.txt": "Contact: mailto:x@example.com\n", "a/visible.txt": "visible"}
	for _, name := range hidden {
		contents[name] = "secret"
	}
	s := start(t, site(contents))
	for _, name := range hidden {
		got := s.get(t, "/"+name)
		assert.Equal(t, http.StatusNotFound, got.Status, name)
		assert.NotContains(t, got.Body, "secret", name)
	}
	for _, path := range []string{"/.well-known/security.txt", "/a/visible.txt"} {
		assert.Equal(t, http.StatusOK, s.get(t, path).Status, path)
	}
}

func TestMethodsOfAStaticSite(t *testing.T) {
	t.Parallel()
	s := start(t)
	for method, want := range map[string]int{
		http.MethodGet: 200, http.MethodHead: 200, http.MethodPost: 405, http.MethodPut: 405, http.MethodDelete: 405,
		http.MethodPatch: 405, http.MethodOptions: 405, http.MethodTrace: 405, "PROPFIND": 405,
	} {
		assert.Equal(t, want, s.send(t, method, "/", "").Status, method)
	}
	assert.Equal(t, http.StatusRequestEntityTooLarge, s.send(t, http.MethodPost, "/", strings.Repeat("x", 1<<20+1)).Status)
}

// A flood from one public address is cut, and only its excess. Private addresses, which
// many clients share, are not: the engine's own is one.
func TestFloodsAreCut(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(repository("conf/nginx/conf.d/default.conf"))
	require.NoError(t, err)
	public := strings.NewReplacer("127.0.0.0/8    1;", "127.0.0.0/8    0;", "172.16.0.0/12  1;", "172.16.0.0/12  0;",
		"192.168.0.0/16 1;", "192.168.0.0/16 0;", "10.0.0.0/8     1;", "10.0.0.0/8     0;").Replace(string(text))
	require.NotEqual(t, string(text), public)
	const flood = 900 // on one connection, which may have 1000: more than a burst of 400 and what 200 a second let through meanwhile
	for name, tt := range map[string]struct {
		opts []option
		cut  bool
	}{
		"private": {nil, false},
		"public":  {[]option{config(map[string]string{"default.conf": public})}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tt.opts...)
			answers := map[int]int{}
			for status := range s.flood(t, flood) {
				answers[status]++
			}
			assert.GreaterOrEqual(t, answers[http.StatusOK], 400, "what a browser asks for is answered: %v", answers)
			if !tt.cut {
				assert.Equal(t, map[int]int{http.StatusOK: flood}, answers)
				return
			}
			assert.Equal(t, flood, answers[http.StatusOK]+answers[http.StatusTooManyRequests], "%v", answers)
			assert.Positive(t, answers[http.StatusTooManyRequests], "%v", answers)
		})
	}
}

// flood sends n requests on one connection without waiting for answers, and gives their
// status codes.
func (s *server) flood(t *testing.T, n int) func(func(int) bool) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.addr(t, "8080/tcp"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, strings.Repeat("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", n))
		sent <- err
	}()
	return func(yield func(int) bool) {
		answers := bufio.NewReader(conn)
		for range n {
			resp, err := http.ReadResponse(answers, &http.Request{Method: http.MethodHead})
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			if !yield(resp.StatusCode) {
				return
			}
		}
		require.NoError(t, <-sent)
	}
}

// A client that stalls in the middle of its header is let go, and told so.
func TestStallingClientsAreLetGo(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.addr(t, "8080/tcp"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost:")
	require.NoError(t, err)
	_, err = io.ReadAll(conn) // until nginx closes it: the deadline would be an error
	require.NoError(t, err)
}
