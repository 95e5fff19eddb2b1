package conf_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// snippets are all that ship, and where each may be included.
var snippets = map[string]string{
	"cache-static.conf":        "location",
	"healthz.conf":             "server",
	"hsts.conf":                "server or location",
	"http3.conf":               "server",
	"json-log.conf":            "http",
	"proxy.conf":               "http, server or location",
	"rate-limit.conf":          "http",
	"real-ip.conf":             "http or server",
	"reject-unknown-host.conf": "server",
	"spa.conf":                 "server",
	"tls-intermediate.conf":    "http or server",
	"tls-modern.conf":          "http or server",
}

// since are the minor releases of nginx 1 that brought the directives which snippets
// use, 0 for whatever is older than 1.20.
var since = map[string]int{
	"access_log": 0, "add_header": 0, "default_type": 0, "expires": 0, "http3": 25, "if": 0, "limit_conn": 0, "limit_conn_log_level": 0,
	"limit_conn_status": 0, "limit_conn_zone": 0, "limit_req": 0, "limit_req_log_level": 0,
	"limit_req_status": 0, "limit_req_zone": 0, "location": 0, "log_format": 0, "map": 0,
	"proxy_connect_timeout": 0, "proxy_hide_header": 0, "proxy_http_version": 0,
	"proxy_next_upstream_timeout": 0, "proxy_next_upstream_tries": 0, "proxy_read_timeout": 0,
	"proxy_send_timeout": 0, "proxy_set_header": 0, "proxy_socket_keepalive": 0,
	"proxy_ssl_protocols": 0, "proxy_ssl_server_name": 0, "real_ip_header": 0, "real_ip_recursive": 0,
	"return": 0, "set": 0, "set_real_ip_from": 0, "ssl_ciphers": 0, "ssl_ecdh_curve": 0,
	"ssl_prefer_server_ciphers": 0, "ssl_protocols": 0, "ssl_reject_handshake": 0, "ssl_session_cache": 0,
	"ssl_session_tickets": 0, "ssl_session_timeout": 0, "try_files": 0,
}

func TestSnippetsAreAllListed(t *testing.T) {
	t.Parallel()
	found, err := fs.Glob(os.DirFS("nginx/snippets"), "*")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(snippets)), found); diff != "" {
		t.Error(diff)
	}
}

// Three lines say what it does, when to use it and how to include it.
func TestSnippetsExplainThemselves(t *testing.T) {
	t.Parallel()
	for name, where := range snippets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(path.Join("nginx/snippets", name))
			if err != nil {
				t.Fatal(err)
			}
			text := string(src)
			if strings.ContainsAny(text, "\t\r") || strings.Contains(text, " \n") || !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
				t.Error("want no tabs, no spaces at the end of a line, and one line feed at the end")
			}
			lines := strings.SplitN(text, "\n", 5)
			for i, pattern := range []string{
				`^# [A-Z][a-z]+s .*\.$`, // it does something
				`^# Use it .*\.$`,
				`^# In ` + where + `(, .*)?: include snippets/` + regexp.QuoteMeta(name) + `;$`,
				`^$`,
			} {
				if !regexp.MustCompile(pattern).MatchString(lines[i]) {
					t.Errorf("line %d is %q, want %s", i+1, lines[i], pattern)
				}
			}
		})
	}
}

func TestSnippetsKeepToWhatEveryNginxKnows(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for name := range snippets {
		walk(parseFile(t, path.Join("nginx/snippets", name)), func(d directive) {
			used[d.Name] = true
			minor, known := since[d.Name]
			if !known || minor > 24 && name != "http3.conf" {
				t.Errorf("%s has %s: want what nginx 1.24 knows, listed in since", name, d.Name)
			}
			for _, arg := range d.Args {
				if strings.HasPrefix(arg, "/") && !strings.HasPrefix(arg, "/dev/shm/") && d.Name != "location" && d.Name != "try_files" {
					t.Errorf("%s: %s names %s, want nothing outside /dev/shm", name, d.Name, arg)
				}
			}
		})
	}
	for name := range since {
		if !used[name] {
			t.Errorf("no snippet uses %s: want it out of since", name)
		}
	}
}

// An add_header in a location drops those of its server: no snippet does that to whoever
// includes it, unless it is all about that header.
func TestSnippetsDropNoHeaders(t *testing.T) {
	t.Parallel()
	for name, where := range snippets {
		block := parseFile(t, path.Join("nginx/snippets", name))
		for _, d := range block {
			walk(d.Block, func(inner directive) {
				if inner.Name == "add_header" || inner.Name == "proxy_set_header" {
					t.Errorf("%s: %s in %s %q drops what is set around it", name, inner.Name, d.Name, d.Args)
				}
			})
		}
		if len(all(block, "add_header")) > 0 && strings.Contains(where, "location") && name != "hsts.conf" {
			t.Errorf("%s has an add_header for locations, where it drops the server's", name)
		}
	}
}

// walk calls visit for every directive, those in blocks included. The lines of a map
// and of types are no directives.
func walk(block []directive, visit func(directive)) {
	for _, d := range block {
		visit(d)
		if d.Name != "map" && d.Name != "types" {
			walk(d.Block, visit)
		}
	}
}
