package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The site that is mounted over the default one; the shipped configuration serves it.
var staticFiles = map[string]string{
	"index.html":       "<h1>home</h1>\n",
	"style.css":        "body { color: black }\n",
	"main.js":          "export {}\n",
	"module.mjs":       "export {}\n",
	"logo.svg":         "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
	"app.wasm":         "\x00asm\x01\x00\x00\x00",
	"photo.avif":       "avif",
	"photo.webp":       "webp",
	"text.woff2":       "woff2",
	"data.json":        "{}\n",
	"notes.txt":        "plain\n",
	"README":           "no extension\n",
	"what.is-this":     "unknown\n",
	"empty.txt":        "",
	"docs/index.html":  "<h1>docs</h1>\n",
	"docs/a b+c%d.txt": "odd name\n",
	"bare/file.txt":    "no index here\n",
}

func TestStaticFilesHaveTheirContentAndType(t *testing.T) {
	t.Parallel()
	s := start(t, site(staticFiles))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for path, want := range map[string]struct{ file, media string }{
		"/":                          {"index.html", "text/html"},
		"/index.html":                {"index.html", "text/html"},
		"/style.css":                 {"style.css", "text/css"},
		"/main.js":                   {"main.js", "text/javascript"},
		"/module.mjs":                {"module.mjs", "text/javascript"},
		"/logo.svg":                  {"logo.svg", "image/svg+xml"},
		"/app.wasm":                  {"app.wasm", "application/wasm"},
		"/photo.avif":                {"photo.avif", "image/avif"},
		"/photo.webp":                {"photo.webp", "image/webp"},
		"/text.woff2":                {"text.woff2", "font/woff2"},
		"/data.json":                 {"data.json", "application/json"},
		"/notes.txt?query":           {"notes.txt", "text/plain"},
		"/README":                    {"README", "application/octet-stream"},
		"/what.is-this":              {"what.is-this", "application/octet-stream"},
		"/empty.txt":                 {"empty.txt", "text/plain"},
		"/docs/":                     {"docs/index.html", "text/html"},
		"/docs/../style.css":         {"style.css", "text/css"},
		"/docs/a%20b+c%25d.txt":      {"docs/a b+c%d.txt", "text/plain"},
		"//docs///a%20b%2Bc%25d.txt": {"docs/a b+c%d.txt", "text/plain"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, "http://site"+path)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, staticFiles[want.file], got.body)
			require.Equal(t, want.media, got.header.Get("Content-Type"))
			require.Equal(t, "nginx", got.header.Get("Server"))

			head := fetch(t, client, http.MethodHead, "http://site"+path)
			require.Equal(t, http.StatusOK, head.status)
			require.Empty(t, head.body)
			for _, name := range []string{"Content-Type", "Content-Length", "Last-Modified", "ETag", "Accept-Ranges"} {
				require.Equalf(t, got.header.Get(name), head.header.Get(name), "HEAD and GET differ in %s", name)
			}
		})
	}
}

// nginx's own pages have its name and, unless told otherwise, its version.
func TestErrorsDoNotNameTheServer(t *testing.T) {
	t.Parallel()
	connect := http.StatusBadRequest // to older ones, a request line that cannot be read
	if !look(t).nginx.before(release{1, 29, 4}) {
		connect = http.StatusMethodNotAllowed
	}
	for name, opts := range map[string][]option{
		"default site": nil,
		"own site":     {site(staticFiles)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, opts...)
			long := strings.Repeat("x", 20_000)
			for _, tt := range []struct {
				status int
				lines  []string
			}{
				{404, []string{"GET /missing HTTP/1.1", "Host: site"}},
				{404, []string{"GET /missing/ HTTP/1.1", "Host: site"}},
				{404, []string{"GET /404.html HTTP/1.1", "Host: site"}},
				{404, []string{"GET /50x.html HTTP/1.1", "Host: site"}},
				{404, []string{"GET /.error HTTP/1.1", "Host: site"}},
				{405, []string{"POST / HTTP/1.1", "Host: site", "Content-Length: 0"}},
				{405, []string{"TRACE / HTTP/1.1", "Host: site"}},
				{405, []string{"DELETE /index.html HTTP/1.1", "Host: site"}},
				{connect, []string{"CONNECT site:80 HTTP/1.1", "Host: site"}},
				{400, []string{"GET / HTTP/1.1"}},
				{400, []string{"GET / HTTP/1.1", "Host: a", "Host: b"}},
				{400, []string{"GET nonsense HTTP/1.1", "Host: site"}},
				{400, []string{"GET /%zz HTTP/1.1", "Host: site"}},
				{400, []string{"GET /../../etc/passwd HTTP/1.1", "Host: site"}},
				{400, []string{"GET /%2e%2e/etc/passwd HTTP/1.1", "Host: site"}},
				{400, []string{"GET / HTTP/1.1", "Host: site", "Cookie: " + long}},
				{400, []string{"POST / HTTP/1.1", "Host: site", "Content-Length: no"}},
				{400, []string{"POST / HTTP/1.1", "Host: site", "Content-Length: 1", "Transfer-Encoding: chunked"}},
				{400, []string{"PRI * HTTP/2.0"}},
				{400, []string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}}, // TLS
				{400, []string{"GET /a\x00b HTTP/1.1", "Host: site"}},
				{400, []string{"GET / HTTP/1.1", "Host: site", "no colon"}},
				{405, []string{"UNKNOWN / HTTP/1.1", "Host: site"}},
				{413, []string{"POST / HTTP/1.1", "Host: site", "Content-Length: 2000000"}},
				{414, []string{"GET /" + long + " HTTP/1.1", "Host: site"}},
				{416, []string{"GET / HTTP/1.1", "Host: site", "Range: bytes=9999999-"}},
				{501, []string{"POST / HTTP/1.1", "Host: site", "Transfer-Encoding: strange"}},
				{505, []string{"GET / HTTP/3.0", "Host: site"}},
			} {
				name := strings.Join(tt.lines, ", ")
				t.Run(name[:min(len(name), 60)], func(t *testing.T) {
					t.Parallel()
					conn := dial(t, s.addr(t, "8080/tcp"))
					conn.say(t, append(tt.lines, "Connection: close")...)
					got := conn.hear(t, http.MethodGet)
					require.Equal(t, tt.status, got.status)
					require.NotEmpty(t, got.body)
					require.NotContains(t, strings.ToLower(got.body), "nginx")
					require.Equal(t, "nginx", got.header.Get("Server"))
				})
			}
		})
	}
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	s := start(t, site(staticFiles))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)

	// The port that people see is not the container's: the redirect has none.
	got := fetch(t, client, http.MethodGet, "http://site/docs")
	require.Equal(t, http.StatusMovedPermanently, got.status)
	require.Equal(t, "/docs/", got.header.Get("Location"))

	got = fetch(t, client, http.MethodGet, "http://site/bare/")
	require.Equal(t, http.StatusForbidden, got.status)
	require.NotContains(t, got.body, "nginx")
	require.NotContains(t, got.body, "file.txt")
}
