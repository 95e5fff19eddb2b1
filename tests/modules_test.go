package tests

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const modules = `
	geo $remote_addr $network { default other; 127.0.0.0/8 loopback; 203.0.113.0/24 documentation; 2001:db8::/32 six; }
	map $http_x_kind $kind {
		hostnames;
		default        none;
		.one.test      one;
		~*^p(?<rest>.) "pattern $rest";
	}
	split_clients $arg_id $bucket { 50% left; * right; }
	server {
		listen 8080;
		root /usr/share/nginx/html;

		location = /guarded { auth_request /auth; auth_request_set $who $upstream_http_x_who; add_header X-Who $who; try_files /page.txt =404; }
		location = /auth { internal; proxy_pass http://127.0.0.1:8081; }

		location = /sub { sub_filter_types *; sub_filter one ONE; sub_filter 'two' $http_x_kind; sub_filter_once off; try_files /page.txt =404; }
		location = /added { add_before_body /first.txt; add_after_body /last.txt; addition_types *; try_files /page.txt =404; }
		location = /included { ssi on; ssi_types *; try_files /include.txt =404; }

		location /secure/ {
			secure_link $arg_md5,$arg_expires;
			secure_link_md5 "$secure_link_expires$uri secret";
			if ($secure_link = "") { return 403; }
			if ($secure_link = 0) { return 410; }
			return 200 ok;
		}

		set_real_ip_from 0.0.0.0/0;
		real_ip_header X-Forwarded-For;
		real_ip_recursive on;
		location = /address { return 200 "$remote_addr $realip_remote_addr"; }

		location = /status { stub_status; }
		location = /pixel { empty_gif; }
		location /list/ { autoindex on; }
		location /random/ { random_index on; }
		location = /map { return 200 $kind; }
		location = /split { return 200 $bucket; }
		location = /geo { return 200 $network; }
		location = /referred { valid_referers none *.one.test; if ($invalid_referer) { return 403; } return 200 ok; }
		location = /charset { charset utf-8; override_charset on; try_files /page.txt =404; }
		location = /denied { deny all; }
		location = /allowed { allow 0.0.0.0/0; deny all; return 200 ok; }
		location = /only { limit_except GET { deny all; } try_files /page.txt =404; }
		location = /headers { add_header X-Always yes always; expires 1h; return 418 teapot; }
	}
	server {
		listen 127.0.0.1:8081;
		add_header X-Who tester;
		if ($http_x_token != secret) { return 401; }
		return 204;
	}`

func TestModules(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": modules}), site(map[string]string{
		"page.txt": "one two one", "first.txt": "first, ", "last.txt": ", last", "list/file.txt": "x", "random/only.txt": "chosen",
		"include.txt": `<!--# set var="a" value="b" --><!--# if expr="$a = b" -->yes<!--# else -->no<!--# endif --> <!--# include virtual="/page.txt" -->`,
	}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	link := func(uri string, expires int64) string {
		sum := md5.Sum(fmt.Appendf(nil, "%d%s secret", expires, uri)) // as secure_link_md5 says
		return uri + "?expires=" + strconv.FormatInt(expires, 10) + "&md5=" + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	soon, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	for name, tt := range map[string]struct {
		path   string
		header []string
		status int
		body   string // a regular expression
		want   []string
	}{
		"auth_request lets in":     {"/guarded", []string{"X-Token", "secret"}, 200, `^one two one$`, []string{"X-Who", "tester"}},
		"auth_request keeps out":   {"/guarded", []string{"X-Token", "guess"}, 401, ``, nil},
		"auth_request is internal": {"/auth", []string{"X-Token", "secret"}, 404, ``, nil},
		"sub_filter":               {"/sub", []string{"X-Kind", "2"}, 200, `^ONE 2 ONE$`, nil},
		"addition":                 {"/added", nil, 200, `^first, one two one, last$`, nil},
		"ssi":                      {"/included", nil, 200, `^yes one two one$`, nil},
		"secure_link, good":        {link("/secure/file", soon), nil, 200, `^ok$`, nil},
		"secure_link, expired":     {link("/secure/file", past), nil, 410, ``, nil},
		"secure_link, forged":      {link("/secure/file", soon) + "x", nil, 403, ``, nil},
		"secure_link, none":        {"/secure/file", nil, 403, ``, nil},
		"realip":                   {"/address", []string{"X-Forwarded-For", "192.0.2.1, 198.51.100.7"}, 200, `^192\.0\.2\.1 [0-9.]+$`, nil},
		"realip, IPv6":             {"/address", []string{"X-Forwarded-For", "2001:db8::1"}, 200, `^2001:db8::1 `, nil},
		"realip, nonsense":         {"/address", []string{"X-Forwarded-For", "nonsense"}, 200, `^([0-9.]+) [0-9.]+$`, nil},
		"stub_status":              {"/status", nil, 200, `^Active connections: \d+ \nserver accepts handled requests\n \d+ \d+ \d+ \nReading: \d+ Writing: \d+ Waiting: \d+ \n$`, nil},
		"empty_gif":                {"/pixel", nil, 200, `^GIF89a`, []string{"Content-Type", "image/gif"}},
		"autoindex":                {"/list/", nil, 200, `<a href="file.txt">file.txt</a>`, []string{"Content-Type", "text/html"}},
		"random_index":             {"/random/", nil, 200, `^chosen$`, nil},
		"map, default":             {"/map", nil, 200, `^none$`, nil},
		"map, host":                {"/map", []string{"X-Kind", "www.one.test"}, 200, `^one$`, nil},
		"map, pattern":             {"/map", []string{"X-Kind", "Px"}, 200, `^pattern x$`, nil},
		"geo, default":             {"/geo", []string{"X-Forwarded-For", "192.0.2.1"}, 200, `^other$`, nil},
		"geo, network":             {"/geo", []string{"X-Forwarded-For", "203.0.113.200"}, 200, `^documentation$`, nil},
		"geo, IPv6":                {"/geo", []string{"X-Forwarded-For", "2001:db8:ffff::1"}, 200, `^six$`, nil},
		"referer, none":            {"/referred", nil, 200, `^ok$`, nil},
		"referer, known":           {"/referred", []string{"Referer", "https://www.one.test/page"}, 200, `^ok$`, nil},
		"referer, other":           {"/referred", []string{"Referer", "https://two.test/"}, 403, ``, nil},
		"charset":                  {"/charset", nil, 200, `^one`, []string{"Content-Type", "text/plain; charset=utf-8"}},
		"access, denied":           {"/denied", nil, 403, ``, nil},
		"access, allowed":          {"/allowed", nil, 200, `^ok$`, nil},
		"limit_except":             {"/only", nil, 200, `^one`, nil},
		"headers":                  {"/headers", nil, 418, `^teapot$`, []string{"X-Always", "yes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, s.URL+tt.path, tt.header...)
			require.Equal(t, tt.status, got.status)
			require.Regexp(t, tt.body, got.body)
			for i := 0; i < len(tt.want); i += 2 {
				require.Equal(t, tt.want[i+1], got.header.Get(tt.want[i]))
			}
		})
	}
	t.Run("limit_except, other method", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusForbidden, fetch(t, client, http.MethodPost, s.URL+"/only").status)
	})
	t.Run("split_clients", func(t *testing.T) {
		t.Parallel()
		seen := map[string]int{}
		for i := range 40 {
			got := fetch(t, client, http.MethodGet, s.URL+"/split?id="+strconv.Itoa(i))
			require.Equal(t, got.body, fetch(t, client, http.MethodGet, s.URL+"/split?id="+strconv.Itoa(i)).body)
			seen[got.body]++
		}
		require.Equal(t, 40, seen["left"]+seen["right"])
		require.Greater(t, seen["left"], 5)
		require.Greater(t, seen["right"], 5)
	})
}
