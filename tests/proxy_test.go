package tests

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A second container of the image, behind the first.
func TestReverseProxy(t *testing.T) {
	t.Parallel()
	large := randomText(t, 24<<20) // more than sockets and the engine's proxy hold
	network := newNetwork(t)
	back := start(t, onNetwork(network, "back"), site(map[string]string{"large": large}), config(map[string]string{"site.conf": `
		server {
			listen 8080;
			root /usr/share/nginx/html;
			client_max_body_size 0;
			location /echo { return 200 "$request_method $request_uri $http_host $http_x_forwarded_for $http_connection."; }
			location /up/ { alias /dev/shm/up/; dav_methods PUT; create_full_put_path on; }
		}`}))
	front := start(t, onNetwork(network, "front"), config(map[string]string{"site.conf": `
		upstream start { server back:8080; keepalive 4; } # resolved once, when nginx starts
		server {
			listen 8080;
			client_max_body_size 0;
			client_body_buffer_size 16k;
			add_header X-Waited-In $request_body_file;
			resolver 127.0.0.11 valid=5s; # the engine's; asked when a request comes
			location / { proxy_pass http://start; }
			location /headers/ {
				proxy_pass http://start/echo;
				proxy_http_version 1.1;
				proxy_set_header Connection "";
				proxy_set_header Host $http_host;
				proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			}
			location /later/ { set $name back; rewrite ^/later(.*) $1 break; proxy_pass http://$name:8080; }
			location /nowhere/ { set $name nowhere.invalid; proxy_pass http://$name:8080; }
			location /refused/ { proxy_pass http://127.0.0.1:1; }
			location /buffered/ {
				proxy_pass http://start/;
				proxy_buffer_size 4k;
				proxy_buffers 4 4k;
				proxy_busy_buffers_size 8k;
				proxy_max_temp_file_size 64m;
			}
			location /streamed/ { proxy_pass http://start/; proxy_http_version 1.1; proxy_request_buffering off; proxy_buffering off; }
		}`}))
	client := dialer(t, front.addr(t, "8080/tcp"), nil)

	for name, tt := range map[string]struct {
		path   string
		status int
		body   string // a regular expression
	}{
		"name known at start": {"/echo?a=%20b", 200, `^GET /echo\?a=%20b start 1\.2\.3\.4 (close)?\.$`},
		"own headers":         {"/headers/?a", 200, `^GET /echo\?a site 1\.2\.3\.4, [0-9.]+ \.$`},
		"name known later":    {"/later/echo", 200, `^GET /echo back:8080 1\.2\.3\.4 (close)?\.$`},
		"name unknown":        {"/nowhere/", 502, ``},
		"nobody listens":      {"/refused/", 502, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, "http://site"+tt.path, "X-Forwarded-For", "1.2.3.4")
			require.Equal(t, tt.status, got.status)
			require.Regexp(t, tt.body, got.body)
		})
	}
	t.Run("a response for a slow client waits in the temporary path", func(t *testing.T) {
		t.Parallel()
		slow := readSlowly(t, front, "/buffered/large")
		eventually(t, "the response is in /dev/shm", func() bool {
			_, stderr := front.logs(t)
			return strings.Contains(stderr, "an upstream response is buffered to a temporary file /dev/shm/nginx-proxy/")
		})
		eventually(t, "the upstream is done before its client", func() bool {
			stdout, _ := back.logs(t)
			return regexp.MustCompile(`"GET /large HTTP/1\.[01]" 200 25165824`).MatchString(stdout)
		})
		got := slow.hear(t, http.MethodGet)
		same(t, large, got.body, "the response")
	})
	t.Run("but not by default", func(t *testing.T) {
		t.Parallel()
		got := readSlowly(t, front, "/later/large").hear(t, http.MethodGet)
		same(t, large, got.body, "the response")
		eventually(t, "the request is in the access log", func() bool {
			stdout, _ := front.logs(t)
			return strings.Contains(stdout, "GET /later/large")
		})
		_, stderr := front.logs(t)
		require.NotRegexp(t, `a temporary file /dev/shm/nginx-proxy/.*"GET /later/large`, stderr)
	})
	for name, tt := range map[string]struct {
		path     string
		buffered bool
	}{
		"an upload waits in the temporary path":  {"/up/a", true},
		"an upload passes through":               {"/streamed/up/b", false},
		"an upload in chunks is put together":    {"/up/c", true},
		"an upload in chunks passes through too": {"/streamed/up/d", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, text := dialer(t, front.addr(t, "8080/tcp"), nil), large[:5<<20]
			body := io.Reader(strings.NewReader(text))
			if strings.Contains(name, "chunks") {
				body = io.MultiReader(body) // of a length that the client does not know
			}
			put := send(t, client, http.MethodPut, "http://site"+tt.path, body)
			require.Equal(t, http.StatusCreated, put.status)
			require.Equal(t, tt.buffered, strings.HasPrefix(put.header.Get("X-Waited-In"), "/dev/shm/nginx-client-body/"))
			same(t, text, fetch(t, client, http.MethodGet, "http://site"+tt.path).body, "the upload")
		})
	}
}

// readSlowly asks for a large file, reads its first byte and then waits.
func readSlowly(t *testing.T, s *server, path string) *wire {
	t.Helper()
	conn := dial(t, s.addr(t, "8080/tcp"))
	conn.say(t, "GET "+path+" HTTP/1.1", "Host: site")
	_, err := conn.Peek(1)
	require.NoError(t, err)
	return conn
}
