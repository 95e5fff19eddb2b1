package lint

import (
	"slices"
	"testing"
)

// What is easily taken for a fault and is none, and what is one in another form.
func TestEdges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rule, src string
		lines     []int // where it is found; none: it is not
	}{
		"alias of an exact location":     {"alias_traversal", "location = /img { alias /srv/images/; }", nil},
		"alias by ^~":                    {"alias_traversal", "location ^~ /img {\n alias /srv/images/; }", []int{2}},
		"alias of a file":                {"alias_traversal", "location /img { alias /srv/image; }", nil},
		"how is part of the word":        {"alias_traversal", "location =/img { alias /srv/images/; }", nil},
		"alias of the root":              {"filesystem_root_exposure", "location / { alias /etc/../; }", []int{1}},
		"a folder of the system":         {"filesystem_root_exposure", "root /etc/nginx/;", []int{1}},
		"a folder below":                 {"filesystem_root_exposure", "root /var/www;", nil},
		"header repeated in other case":  {"add_header_redefinition", "server { add_header X-Frame-Options DENY always; location / { add_header x-frame-options DENY always; } }", nil},
		"header lost two blocks up":      {"add_header_redefinition", "http {\n add_header X-Frame-Options DENY;\n server { location / {\n add_header A b;\n add_header C d; } } }", []int{4}},
		"headers merged":                 {"add_header_redefinition", "server { add_header X-Frame-Options DENY; location / { add_header_inherit merge; add_header A b; } }", nil},
		"plain header lost":              {"add_header_redefinition", "server { add_header A b; location / { add_header C d; } }", nil},
		"body":                           {"http_splitting", "return 200 $uri;", nil},
		"redirect by one word":           {"http_splitting", "return https://a$uri;", []int{1}},
		"braces":                         {"http_splitting", "return 301 /a${uri};", []int{1}},
		"longer name":                    {"http_splitting", "return 301 /a$uri_of_mine;", nil},
		"rewrite inside":                 {"http_splitting", "rewrite ^ /a$uri last;", nil},
		"rewrite outside":                {"http_splitting", "rewrite ^ /a$uri permanent;", []int{1}},
		"dot does not match a break":     {"http_splitting", "location ~ ^/a/(.*)$ { return 301 /b/$1; }", nil},
		"capture with a break":           {"http_splitting", "location ~ ^/a/(?<x>[^/]*)$ { return 301 /b/$x; }", []int{1}},
		"capture without":                {"http_splitting", "location ~ ^/a/([^/\\s]*)$ { return 301 /b/$1; }", nil},
		"the other capture":              {"http_splitting", "location ~ ^/([^/]*)/(.*)$ { return 301 /b/$2; }", nil},
		"outer capture":                  {"http_splitting", "location ~ ^/(a(?:[^/]+)b)$ { return 301 /b/$1; }", []int{1}},
		"origin anchored":                {"origins", `if ($http_origin !~ ^https://a\.b$) { return 403; }`, nil},
		"origin with any character":      {"origins", `if ($http_origin ~ ^https://a.b$) { return 403; }`, []int{1}},
		"origin without an end":          {"origins", `map $http_origin $a { default ""; "~^https://a\.b" 1; }`, []int{1}},
		"referrer goes on":               {"origins", `if ($http_referer ~* ^https?://a\.b/) { set $a 1; }`, nil},
		"all origins":                    {"origins", "add_header Access-Control-Allow-Origin $http_origin;", []int{1}},
		"host in the stream":             {"version_disclosure", "stream { server { listen 5353; } }", nil},
		"if in the server":               {"if_is_evil", "server { if ($a) { access_log off; } }", nil},
		"if in an if":                    {"if_is_evil", "location / { if ($a) { return 404; }\n if ($b) { proxy_pass http://b; } }", []int{2}},
		"a password is a limit":          {"limit_except_misuse", "location / { limit_except GET { auth_basic a; } }", nil},
		"default in an included file":    {"hash_without_default", "geo $a { default 1; }", nil},
		"delimited":                      {"regex_redos", `location ~ ^/(?:[^/]+/)*(?:\.[a-z]+)+$ { return 404; }`, nil},
		"delimiter may be absent":        {"regex_redos", `location ~ ^/(?:[^/]+/?)*$ { return 404; }`, []int{1}},
		"delimiter in the class":         {"regex_redos", `location ~ ^/(?:[^.]+/)*$ { return 404; }`, []int{1}},
		"any character":                  {"regex_redos", `location ~ ^/(?:.*a)+$ { return 404; }`, []int{1}},
		"one branch":                     {"regex_redos", `location ~ ^/(?:a|b+)*$ { return 404; }`, []int{1}},
		"no branch":                      {"regex_redos", `location ~ ^/(?:ab+|c)*$ { return 404; }`, nil},
		"deeper":                         {"regex_redos", `location ~ ^/(?:((\w+)+)a)$ { return 404; }`, []int{1}},
		"possessive":                     {"regex_redos", `location ~ ^/(\w++)+$ { return 404; }`, nil},
		"atomic":                         {"regex_redos", `location ~ ^/(?>\w+)+$ { return 404; }`, nil},
		"bounded":                        {"regex_redos", `rewrite "^/(a{1,3})+$" / last;`, nil},
		"without bound in braces":        {"regex_redos", `rewrite "^/((a{2,}))*$" / last;`, []int{1}},
		"literal parentheses":            {"invalid_regex", `location ~ "^/\(a[(]\Q((\E$" { return 404; }`, nil},
		"open parenthesis":               {"invalid_regex", `location ~ ^/(a { return 404; }`, []int{1}},
		"open class":                     {"invalid_regex", `server_name ~^[a$;`, []int{1}},
		"condition in quotes":            {"invalid_regex", `if ($a ~ "^(b|c)$") { return 404; }`, nil},
		"condition in one word":          {"invalid_regex", `if ($a ~* ^(b|c)$) { return 404; }`, nil},
		"condition with spaces":          {"invalid_regex", `if ( $a ~* ^(b|c ) { return 404; }`, []int{1}},
		"condition of one word":          {"invalid_regex", `if ($a) { return 404; }`, nil},
		"values of PHP":                  {"add_header_multiline", "fastcgi_param PHP_VALUE \"a=1\nb=2\";", nil},
		"hidden files in a list":         {"hidden_files_served", `events { } http { server { root /a; location ~ ^/(?:\.|b) { return 404; } } }`, nil},
		"named and counted":              {"invalid_regex", `rewrite ^/(?<a>.)(?:b)(?P<c>.)(?=d)(?<!e)(.)$ /$a/$1/$3 last;`, nil},
		"beside each other":              {"overlapping_captures", "rewrite ^/(.)(.)$ /?$1$2 redirect;", nil},
		"one of two":                     {"overlapping_captures", "rewrite ^/((.))$ /?$1 redirect;", nil},
		"not where it is escaped":        {"overlapping_captures", "rewrite ^/((.))$ /$1$2 last;", nil},
		"hidden files":                   {"unanchored_regex", `location ~ /\. { deny all; }`, nil},
		"hidden files, not found":        {"unanchored_regex", `location ~ /\. { return 404; }`, nil},
		"group of addresses":             {"missing_resolver", "http { upstream app { server a; } server { location / { set $to app; proxy_pass http://$to; } } }", nil},
		"address in a variable":          {"missing_resolver", "server { location / { set $to 127.0.0.1:80; proxy_pass http://$to; } }", nil},
		"path in a variable":             {"missing_resolver", "server { location / { proxy_pass http://a.internal$request_uri; } }", []int{1}},
		"path of an address":             {"missing_resolver", "server { location / { proxy_pass http://127.0.0.1:81$request_uri; } }", nil},
		"off for all":                    {"proxy_ssl_verify_off", "server { proxy_ssl_verify off;\n location / { proxy_pass https://a; } }", []int{1}},
		"verified":                       {"proxy_ssl_verify_off", "server { proxy_ssl_verify on; location / { proxy_pass https://a; } }", nil},
		"server of a group":              {"limits_missing", "events { } http { root /a; upstream b {\n server c; } }", nil},
		"origin refused by a weak check": {"origins", `if ($http_origin !~ a\.b$) { return 403; }`, []int{1}},
		"path is not the host":           {"ssrf", "server { location / { proxy_pass http://app/$arg_a; } }", nil},
		"internal only":                  {"ssrf", "server { location / { internal; proxy_pass http://$arg_a; } }", nil},
		"capture as the host":            {"ssrf", "server { location ~ ^/(.*)$ { proxy_pass https://$1; } }", []int{1}},
		"resolver of the own network":    {"resolver_external", "resolver 10.0.0.2:53 [fd00::1] [::1]:53 127.0.0.11 kube-dns.internal valid=5s ipv6=off;", nil},
		"resolvers of others":            {"resolver_external", "resolver 10.0.0.2 [2001:db8::1]:53;", []int{1}},
		"ciphers taken out":              {"weak_ssl_tls", "ssl_ciphers HIGH:!aNULL:!MD5:!3DES:-RC4;", nil},
		"ciphers with broken ones":       {"weak_ssl_tls", "ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-DES-CBC3-SHA;", []int{1}},
		"to the upstream":                {"weak_ssl_tls", "proxy_ssl_protocols TLSv1.1 TLSv1.3;", []int{1}},
		"HSTS from http":                 {"hsts_header", "http { add_header Strict-Transport-Security 'max-age=31536000; includeSubDomains' always; server { listen 1 ssl; } }", nil},
		"HSTS taken back":                {"hsts_header", "add_header Strict-Transport-Security max-age=0;", []int{1}},
		"TLS in the stream":              {"hsts_header", "stream { server { listen 1 ssl; } }", nil},
		"tickets off":                    {"ssl_session_tickets", "ssl_session_tickets off;", nil},
		"deny from outside":              {"status_page_exposed", "server { listen 1; deny all; location / { stub_status; } }", nil},
		"loopback":                       {"status_page_exposed", "server { listen 127.0.0.1:1; location / { stub_status; } }", nil},
		"refused is refused":             {"return_bypasses_allow_deny", "location / { deny all; return 404; }", nil},
		"deny around it":                 {"return_bypasses_allow_deny", "server { deny 10.0.0.1; location / { return 200 a; } }", []int{1}},
		"one server on two ports":        {"default_server_flag", "server { listen 1; listen 2; }", nil},
		"same port in other words":       {"default_server_flag", "server { listen 81; } server { listen 0.0.0.0:81; } server { listen *:81; }", []int{1}},
		"servers of a stream":            {"default_server_flag", "stream { server { listen 1; } server { listen 1; } }", nil},
		"log of one location off":        {"access_log_off", "server { location / { access_log off; } }", nil},
		"log of a relative path":         {"log_to_file", "access_log logs/a.log main;", []int{1}},
		"log to a collector":             {"log_to_file", "error_log syslog:server=unix:/dev/log info;", nil},
		"temporary files beside":         {"temp_path_read_only", "proxy_cache_path /var/lib/cache keys_zone=a:1m;", []int{1}},
		"temporary files at /dev/shmx":   {"temp_path_read_only", "pid /dev/shmx/pid;", []int{1}},
		"port of an address":             {"listen_privileged", "server { listen [::]:443 ssl; }", []int{1}},
		"an address alone":               {"listen_privileged", "server { listen 127.0.0.1; }", []int{1}},
		"brackets alone":                 {"listen_privileged", "server { listen [::1]; }", []int{1}},
		"a socket":                       {"listen_privileged", "server { listen unix:/dev/shm/80; }", nil},
		"a port to be filled in":         {"listen_privileged", "server { listen ${NGINX_PORT}; listen [::]:${NGINX_PORT}; }", nil},
		"megabytes":                      {"body_size_unlimited", "client_max_body_size 100M;", nil},
		"terabytes":                      {"body_size_unlimited", "client_max_body_size 9000g;", []int{1}},
		"overflow":                       {"body_size_unlimited", "client_max_body_size 99999999999g;", nil},
		"minutes and seconds":            {"timeouts_long", "send_timeout 1m30s;", []int{1}},
		"milliseconds":                   {"timeouts_long", "send_timeout 900ms;", nil},
		"values are no directives":       {"autoindex", "map $a $b { default 1; autoindex on; }", nil},
		"no arguments":                   {"invalid_regex", "location { } if { } rewrite; map { } server_name; limit_except { }", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []int
			for _, f := range findingsOf(t, tt.src) {
				if f.Rule == tt.rule && !slices.Contains(lines, f.Line) {
					lines = append(lines, f.Line)
				}
			}
			if !slices.Equal(lines, tt.lines) {
				t.Errorf("%s in %s: found at %v, want %v", tt.rule, tt.src, lines, tt.lines)
			}
		})
	}
}
