package tests

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A site as a bundler builds it.
func TestSnippetSPA(t *testing.T) {
	t.Parallel()
	listener, app := socket(t)
	backend := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = backend.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	s := start(t, app, site(map[string]string{
		"index.html": "the application", "about.html": "about", "favicon.ico": "icon", "robots.txt": "robots",
		"assets/app.3f9c2a71.js": "script", "docs/index.html": "docs",
	}), config(map[string]string{"site.conf": `
		server {
			listen 8080;
			root /usr/share/nginx/html;
			add_header X-Server kept always;
			include snippets/spa.conf;
			location /assets/ { include snippets/cache-static.conf; }
			location /api/ { proxy_pass http://unix:/run/app/app.sock; }
		}`}))
	const again, year = "no-cache", "max-age=31536000"
	for path, want := range map[string]struct {
		status int
		body   string // "" is anything
		cache  string
	}{
		"/":                            {200, "the application", again},
		"/index.html":                  {200, "the application", again},
		"/users":                       {200, "the application", again},
		"/users/":                      {200, "the application", again},
		"/users/7?tab=.js":             {200, "the application", again},
		"/users/ada.lovelace":          {200, "the application", again},
		"/release/v1.2":                {200, "the application", again},
		"/a.js/b":                      {200, "the application", again},
		"/docs":                        {200, "the application", again},
		"/index.html/x":                {200, "the application", again},
		"/about.html":                  {200, "about", again},
		"/missing.html":                {200, "the application", again},
		"/favicon.ico":                 {200, "icon", again},
		"/robots.txt":                  {200, "robots", again},
		"/missing.js":                  {404, "", ""},
		"/users/missing.CSS":           {404, "", ""},
		"/deep/er/missing.js.map":      {404, "", ""},
		"/manifest.webmanifest":        {404, "", ""},
		"/fonts/a.woff2":               {404, "", ""},
		"/assets/app.3f9c2a71.js":      {200, "script", year},
		"/assets/missing.3f9c2a71.js":  {404, "", ""},
		"/assets/route-that-is-no-one": {404, "", ""},
		"/api/users":                   {404, "404 page not found\n", ""},
		"/api/report.json":             {404, "404 page not found\n", ""},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, dialer(t, s.addr(t, "8080/tcp"), nil), http.MethodGet, "http://site"+path)
			require.Equal(t, want.status, got.status)
			if want.body != "" {
				require.Equal(t, want.body, got.body)
			}
			require.Equal(t, want.cache, got.header.Get("Cache-Control"))
			require.Equal(t, "kept", got.header.Get("X-Server"), "the headers of the server are not dropped")
		})
	}
}

func TestSnippetSPAWithoutAPage(t *testing.T) {
	t.Parallel()
	s := start(t, site(map[string]string{"a.txt": "a"}), config(map[string]string{"site.conf": `
		server { listen 8080; root /usr/share/nginx/html; include snippets/spa.conf; }`}))
	for _, path := range []string{"/", "/users/7", "/index.html"} {
		require.Equal(t, http.StatusNotFound, s.get(t, path).Status, path)
	}
	_, stderr := s.logs(t)
	require.NotContains(t, stderr, "redirection cycle")
}

// Files are kept for a year, what is asked about again is answered with 304, and errors
// are not kept.
func TestSnippetCacheStatic(t *testing.T) {
	t.Parallel()
	s := start(t, site(map[string]string{"assets/app.3f9c2a71.js": "script"}), config(map[string]string{"site.conf": `
		server {
			listen 8080;
			root /usr/share/nginx/html;
			add_header X-Server kept;
			location /assets/ { include snippets/cache-static.conf; }
		}`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	const url = "http://site/assets/app.3f9c2a71.js"
	got := fetch(t, client, http.MethodGet, url)
	require.Equal(t, []string{"max-age=31536000"}, got.header.Values("Cache-Control"))
	require.Equal(t, "kept", got.header.Get("X-Server"))
	tag := got.header.Get("ETag")
	require.NotEmpty(t, tag)
	for name, tt := range map[string]struct {
		header, value string
		status        int
	}{
		"not modified": {"If-None-Match", tag, http.StatusNotModified},
		"modified":     {"If-None-Match", `"other"`, http.StatusOK},
		"a range":      {"Range", "bytes=0-1", http.StatusPartialContent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, url, tt.header, tt.value)
			require.Equal(t, tt.status, got.status)
			require.Equal(t, "max-age=31536000", got.header.Get("Cache-Control"))
		})
	}
	missing := fetch(t, client, http.MethodGet, "http://site/assets/gone.3f9c2a71.js")
	require.Equal(t, http.StatusNotFound, missing.status)
	require.Empty(t, missing.header.Get("Cache-Control"))
	require.Empty(t, missing.header.Get("Expires"))
}
