package tests

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHTTP1KeepsConnectionsOpen(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, tt := range map[string]struct {
		lines []string
		open  bool
	}{
		"HTTP/1.1":                  {[]string{"GET / HTTP/1.1", "Host: site"}, true},
		"HTTP/1.1, to be closed":    {[]string{"GET / HTTP/1.1", "Host: site", "Connection: close"}, false},
		"HTTP/1.0":                  {[]string{"GET / HTTP/1.0"}, false},
		"HTTP/1.0, to be kept":      {[]string{"GET / HTTP/1.0", "Connection: keep-alive"}, true},
		"after an error":            {[]string{"GET /missing HTTP/1.1", "Host: site"}, true},
		"after a malformed request": {[]string{"GET / HTTP/1.1", "Host: :"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.addr(t, "8080/tcp"))
			conn.say(t, tt.lines...)
			first := conn.hear(t, http.MethodGet)
			if !tt.open {
				conn.ended(t)
				return
			}
			for range 20 {
				conn.say(t, tt.lines...)
				require.Equal(t, first.body, conn.hear(t, http.MethodGet).body)
			}
		})
	}
}

// A client may send its next request before the answer to the last.
func TestHTTP1Pipelining(t *testing.T) {
	t.Parallel()
	contents := map[string]string{}
	var requests strings.Builder
	for i := range 50 {
		name := strconv.Itoa(i) + ".txt"
		contents[name] = strings.Repeat(name, i*50)
		requests.WriteString("GET /" + name + " HTTP/1.1\r\nHost: site\r\n\r\n")
	}
	s := start(t, site(contents))
	conn := dial(t, s.addr(t, "8080/tcp"))
	_, err := io.WriteString(conn.Conn, requests.String())
	require.NoError(t, err)
	for i := range 50 {
		got := conn.hear(t, http.MethodGet)
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, contents[strconv.Itoa(i)+".txt"], got.body)
	}
}

func TestHTTP1Headers(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"echo.conf": `
		server {
			listen 8080;
			server_name site;
			add_header X-Long $http_x_long;
			location / { return 200 "$scheme $server_protocol $host $http_x_test $args\n"; }
			location /body { client_max_body_size 0; proxy_pass http://127.0.0.1:8080/size; proxy_http_version 1.1; }
			location /size { proxy_pass http://127.0.0.1:8080/count; }
			location /count { return 200 "$http_content_length $content_length"; }
		}`}))
	long := strings.Repeat("h", 7000) // the default buffers are four of 8k
	for name, tt := range map[string]struct {
		lines []string
		want  string
	}{
		"plain":                    {[]string{"GET /?a=b HTTP/1.1", "Host: site", "X-Test: v"}, "http HTTP/1.1 site v a=b\n"},
		"names have no case":       {[]string{"GET / HTTP/1.1", "hOsT: SITE", "x-TEST: v"}, "http HTTP/1.1 site v \n"},
		"spaces around a value":    {[]string{"GET / HTTP/1.1", "Host: site", "X-Test:   v  "}, "http HTTP/1.1 site v \n"},
		"full address":             {[]string{"GET http://other/ HTTP/1.1", "Host: site"}, "http HTTP/1.1 other  \n"},
		"port in the host":         {[]string{"GET / HTTP/1.1", "Host: site:8080"}, "http HTTP/1.1 site  \n"},
		"HTTP/1.0 without host":    {[]string{"GET / HTTP/1.0"}, "http HTTP/1.0 site  \n"},
		"three large headers":      {[]string{"GET / HTTP/1.1", "Host: site", "X-Long: " + long, "X-A: " + long, "X-B: " + long}, "http HTTP/1.1 site  \n"},
		"an underscore is dropped": {[]string{"GET / HTTP/1.1", "Host: site", "X_Test: v"}, "http HTTP/1.1 site  \n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.addr(t, "8080/tcp"))
			conn.say(t, tt.lines...)
			got := conn.hear(t, http.MethodGet)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, tt.want, got.body)
			if strings.Contains(name, "large") {
				require.Equal(t, long, got.header.Get("X-Long"))
			}
		})
	}
	t.Run("a chunked body is put together", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, s.addr(t, "8080/tcp"))
		conn.say(t, "POST /body HTTP/1.1", "Host: site", "Transfer-Encoding: chunked", "Expect: 100-continue")
		require.Equal(t, http.StatusContinue, conn.hear(t, http.MethodPost).status)
		conn.say(t, "5", "hello", "6;ext=1", " world", "0")
		require.Equal(t, "11 11", conn.hear(t, http.MethodPost).body)
	})
}
