package conf_test

import (
	"slices"
	"strings"
	"testing"
)

func server(t *testing.T) []directive {
	t.Helper()
	return only(t, parseFile(t, "nginx/conf.d/default.conf"), "server").Block
}

func TestDefaultServer(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"root":              "/usr/share/nginx/html",
		"index":             "index.html index.htm",
		"absolute_redirect": "off",
		"gzip":              "on",
		"gzip_static":       "on",
		"limit_req":         "zone=default_requests burst=400 nodelay",
		"limit_conn":        "default_connections 256",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(only(t, server(t), name).Args, " "); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		})
	}
}

// nginx-entry says where the server listens. Images without it have a file that does.
func TestListen(t *testing.T) {
	t.Parallel()
	var got []string
	for _, d := range all(server(t), "include") {
		got = append(got, d.Args...)
	}
	got = slices.DeleteFunc(got, func(name string) bool { return !strings.Contains(name, "/listen.d/") })
	if want := []string{"/dev/shm/nginx/listen.d/*.conf", "/etc/nginx/listen.d/*.conf"}; !slices.Equal(got, want) {
		t.Errorf("the server includes %q, want %q", got, want)
	}
	if n := len(all(server(t), "listen")); n != 0 {
		t.Errorf("%d listen directives: they are for the included files", n)
	}
	if got := only(t, parseFile(t, "listen.d/default.conf"), "listen").Args; !slices.Equal(got, []string{"8080"}) {
		t.Errorf("without nginx-entry the server listens on %q, want 8080", got)
	}
}

// Every error that nginx itself answers with has a page that does not name it, and
// that page is there only for errors.
func TestErrorPages(t *testing.T) {
	t.Parallel()
	pages := map[string]string{} // status: page
	for _, d := range all(server(t), "error_page") {
		codes, page := d.Args[:len(d.Args)-1], d.Args[len(d.Args)-1]
		for _, code := range codes {
			pages[code] = page
		}
		location := func(l directive) bool { return slices.Equal(l.Args, []string{"=", page}) }
		locations := all(server(t), "location")
		i := slices.IndexFunc(locations, location)
		if i < 0 || len(all(locations[i].Block, "internal")) != 1 {
			t.Errorf("%s has no internal location", page)
		}
	}
	for page, codes := range map[string]string{
		"/404.html": "404",
		"/50x.html": "500 502 503 504",
		"/.error":   "400 403 405 408 411 412 413 414 416 421 429 494 501 505",
	} {
		for code := range strings.FieldsSeq(codes) {
			if pages[code] != page {
				t.Errorf("the page for %s is %q, want %q", code, pages[code], page)
			}
		}
	}
}
