package conf_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What ships is what is in the folder: a file that strays into it would ship too.
func TestTree(t *testing.T) {
	t.Parallel()
	var got []string
	err := fs.WalkDir(os.DirFS("nginx"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			got = append(got, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"conf.d/default.conf", "html/404.html", "html/50x.html", "html/index.html", "mime.types", "nginx.conf",
		"snippets/cache-static.conf", "snippets/healthz.conf", "snippets/hsts.conf", "snippets/http3.conf", "snippets/json-log.conf", "snippets/proxy.conf",
		"snippets/rate-limit.conf", "snippets/real-ip.conf", "snippets/reject-unknown-host.conf", "snippets/spa.conf",
		"snippets/tls-intermediate.conf", "snippets/tls-modern.conf",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMainConfiguration(t *testing.T) {
	t.Parallel()
	conf := parseFile(t, "nginx/nginx.conf")
	http := only(t, conf, "http").Block
	for _, tt := range []struct {
		block []directive
		name  string
		want  string
	}{
		{conf, "worker_processes", "auto"},
		{conf, "error_log", "stderr warn"},
		{conf, "pid", "/dev/shm/nginx.pid"},
		{only(t, conf, "events").Block, "worker_connections", "1024"},
		{http, "default_type", "application/octet-stream"},
		{http, "access_log", "/dev/stdout main"},
		{http, "sendfile", "on"},
		{http, "tcp_nopush", "on"},
		{http, "keepalive_timeout", "65"},
		{http, "client_header_timeout", "10s"},
		{http, "client_body_timeout", "10s"},
		{http, "send_timeout", "10s"},
		{http, "client_header_buffer_size", "1k"},
		{http, "large_client_header_buffers", "4 8k"},
		{http, "client_max_body_size", "1m"},
		{http, "server_tokens", "off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(only(t, tt.block, tt.name).Args, " "); got != tt.want {
				t.Errorf("%s is %q, want %q", tt.name, got, tt.want)
			}
		})
	}
	for _, name := range []string{"user", "daemon", "master_process", "load_module"} {
		if len(all(conf, name)) > 0 {
			t.Errorf("%s does not belong into the shipped configuration", name)
		}
	}
	includes := all(http, "include")
	var names []string
	for _, d := range includes {
		names = append(names, d.Args...)
	}
	want := []string{"/etc/nginx/mime.types", "/etc/nginx/conf.d/*.conf", "/dev/shm/nginx/conf.d/*.conf"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// People parse these lines: the format is that of the official image to the byte.
func TestLogFormat(t *testing.T) {
	t.Parallel()
	args := only(t, only(t, parseFile(t, "nginx/nginx.conf"), "http").Block, "log_format").Args
	const want = `$remote_addr - $remote_user [$time_local] "$request" ` +
		`$status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"`
	if args[0] != "main" || strings.Join(args[1:], "") != want {
		t.Errorf("log_format is %q, want main %q", args, want)
	}
}

// nginx makes a temporary directory but not its parent, and only /dev/shm is there
// and writable.
func TestTemporaryPaths(t *testing.T) {
	t.Parallel()
	http := only(t, parseFile(t, "nginx/nginx.conf"), "http").Block
	used := map[string]string{}
	for _, user := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		args := only(t, http, user+"_temp_path").Args
		if len(args) != 1 || path.Dir(args[0]) != "/dev/shm" {
			t.Errorf("%s_temp_path is %q, want one directory directly under /dev/shm", user, args)
		}
		if other := used[args[0]]; other != "" {
			t.Errorf("%s and %s share %s", other, user, args[0])
		}
		used[args[0]] = user
		if user == "client_body" {
			continue
		}
		if got := only(t, http, user+"_max_temp_file_size").Args; !slices.Equal(got, []string{"0"}) {
			t.Errorf("%s_max_temp_file_size is %q: a large response would fill /dev/shm", user, got)
		}
	}
}

// Lists of types follow mime.types; two older names are what applications still send.
func TestTypeLists(t *testing.T) {
	t.Parallel()
	http := only(t, parseFile(t, "nginx/nginx.conf"), "http").Block
	known := []string{"application/javascript", "text/xml"}
	for _, name := range types(t) {
		known = append(known, name)
	}
	for _, list := range []string{"gzip_types", "charset_types"} {
		args := only(t, http, list).Args
		for i, name := range args {
			if !slices.Contains(known, name) || slices.Contains(args[:i], name) {
				t.Errorf("%s: %s is not in mime.types, or twice in the list", list, name)
			}
			if name == "text/html" {
				t.Errorf("%s: nginx adds text/html itself and warns about a second one", list)
			}
		}
	}
}
