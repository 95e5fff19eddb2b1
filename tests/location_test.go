package tests

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The shipped nginx.conf says pcre_jit on: these patterns run as machine code.
func TestLocationsAndPatterns(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": `
		server { listen 8080 default_server; return 421; }
		server { listen 8080; server_name exact.test; return 200 exact; }
		server { listen 8080; server_name *.front.test; return 200 front; }
		server { listen 8080; server_name back.*; return 200 back; }
		server { listen 8080; server_name "~^(?<user>[a-z]+)\d{2,3}\.users\.test$"; return 200 "user $user"; }
		server {
			listen 8080;
			server_name site;
			location = /exact { return 200 "exact"; }
			location /prefix { return 200 "prefix"; }
			location ^~ /prefix/first { return 200 "first"; }
			location ~ "^/prefix/(?<year>\d{4})-(?<month>\d\d)$" { return 200 "$month/$year"; }
			location ~* \.(JPE?G|png)$ { return 200 "picture $1"; }
			location ~ ^/(a+)+$ { return 200 "many a"; }
			location ~ "(*UTF8)^/größe/(\p{Lu}\p{Ll}+)$" { return 200 "word $1"; }
			location ~ ^/(?!not)(?=look)(\w+)(?<=ahead)/(?:back\1)$ { return 200 "around"; }
			rewrite ^/old/(.*)/(.*)$ /new/$2?from=$1 permanent;
			rewrite ^/inner/(.*)$ /exact last;
			location @named { return 200 "named"; }
			location /try { try_files /none /nothing @named; }
			location / {
				if ($request_method = POST) { return 200 "posted"; }
				if ($http_cookie ~* "id=([^;]+)(?:;|$)") { set $id $1; return 200 "cookie $id"; }
				if (-f /usr/share/nginx/html$uri) { return 200 "file"; }
				return 404;
			}
		}`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for name, tt := range map[string]struct {
		host, path string
		header     []string
		status     int
		want       string // the body, or where a redirect goes
	}{
		"exact":                  {"site", "/exact", nil, 200, "exact"},
		"not quite exact":        {"site", "/exact/", nil, 404, ""},
		"prefix":                 {"site", "/prefix/of/a/path", nil, 200, "prefix"},
		"prefix before patterns": {"site", "/prefix/first.png", nil, 200, "first"},
		"named captures":         {"site", "/prefix/2031-07", nil, 200, "07/2031"},
		"no case":                {"site", "/a/b.JpEg", nil, 200, "picture JpEg"},
		"nested repetition":      {"site", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaa", nil, 200, "many a"},
		"Unicode":                {"site", "/gr%C3%B6%C3%9Fe/%C3%84rmel", nil, 200, "word Ärmel"},
		"Unicode, no match":      {"site", "/gr%C3%B6%C3%9Fe/%C3%A4rmel", nil, 404, ""},
		"around":                 {"site", "/lookahead/backlookahead", nil, 200, "around"},
		"redirect":               {"site", "/old/a/b", nil, 301, "http://site:8080/new/b?from=a"},
		"rewrite":                {"site", "/inner/x", nil, 200, "exact"},
		"named location":         {"site", "/try", nil, 200, "named"},
		"if, with a capture":     {"site", "/", []string{"Cookie", "a=b; id=42; c=d"}, 200, "cookie 42"},
		"if, a file":             {"site", "/index.html", nil, 200, "file"},
		"exact name":             {"exact.test", "/", nil, 200, "exact"},
		"name has no case":       {"EXACT.test.", "/", nil, 200, "exact"},
		"wildcard in front":      {"a.b.front.test", "/", nil, 200, "front"},
		"wildcard at the end":    {"back.test", "/", nil, 200, "back"},
		"pattern":                {"alice42.users.test", "/", nil, 200, "user alice"},
		"pattern, no match":      {"alice4.users.test", "/", nil, 421, ""},
		"unknown name":           {"unknown.test", "/", nil, 421, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, s.URL+tt.path, append(tt.header, "Host", tt.host)...)
			require.Equal(t, tt.status, got.status)
			switch tt.status {
			case http.StatusOK:
				require.Equal(t, tt.want, got.body)
			case http.StatusMovedPermanently:
				require.Equal(t, tt.want, got.header.Get("Location"))
			}
		})
	}
}
