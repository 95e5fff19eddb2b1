package tests

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// However nginx is told to read files, and whatever the kernel makes of it, the
// bytes are the same.
func TestLargeFilesArriveWhole(t *testing.T) {
	t.Parallel()
	large := randomText(t, 12<<20+123) // not a whole number of blocks
	ca := newAuthority(t, "ca")
	ways := map[string]string{
		"sendfile":                "sendfile on;",
		"small-pieces":            "sendfile on; sendfile_max_chunk 64k; postpone_output 0;",
		"read":                    "sendfile off; output_buffers 2 32k;",
		"threads":                 "sendfile off; aio threads;",
		"threads-sendfile":        "sendfile on; aio threads;",
		"threads-direct":          "aio threads; directio 1m; output_buffers 2 128k;",
		"kernel-aio":              "aio on; directio 1m; output_buffers 2 128k;",
		"direct":                  "directio 1m; directio_alignment 4k;",
		"own-pool":                "sendfile on; aio threads=own;",
		"open-file-cache":         "open_file_cache max=10; sendfile on;",
		"kernel-tls":              "sendfile on; ssl_conf_command Options KTLS;",
		"kernel-tls-with-threads": "sendfile on; aio threads; ssl_conf_command Options KTLS;",
		"small-records":           "ssl_buffer_size 1k;",
		"limited":                 "limit_rate 100m; limit_rate_after 1m;",
	}
	var conf strings.Builder
	for name, directives := range ways {
		conf.WriteString(`
			server {
				listen 8080;
				listen 8443 ssl;
				server_name ` + name + `.test;
				ssl_certificate     /etc/nginx/certs/site.pem;
				ssl_certificate_key /etc/nginx/certs/site.key;
				root /usr/share/nginx/html;
				` + directives + `
			}`)
	}
	s := start(t, ports("8080/tcp", "8443/tcp"), site(map[string]string{"large": large}),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": conf.String()}),
		mainConfig(`
			worker_processes 2;
			pid /dev/shm/nginx.pid;
			thread_pool own threads=4 max_queue=100;
			events { }
			http {
				access_log off;
				include conf.d/*.conf;
			}`))
	trust := ca.trust()
	trust.ServerName = "site.test"
	tls12 := trust.Clone()
	tls12.MaxVersion = tls.VersionTLS12
	t.Cleanup(func() {
		_, stderr := s.logs(t)
		require.NotRegexp(t, `\[(error|crit|alert|emerg)\]`, stderr, "nginx has to fall back on something")
	})
	for name := range ways {
		for kind, client := range map[string]*http.Client{
			"http":           dialer(t, s.addr(t, "8080/tcp"), nil),
			"https, TLS 1.3": dialer(t, s.addr(t, "8443/tcp"), trust),
			"https, TLS 1.2": dialer(t, s.addr(t, "8443/tcp"), tls12),
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				scheme, _, _ := strings.Cut(kind, ",")
				got := fetch(t, client, http.MethodGet, scheme+"://"+name+".test/large")
				require.Equal(t, http.StatusOK, got.status)
				same(t, large, got.body, "the file")
				got = fetch(t, client, http.MethodGet, scheme+"://"+name+".test/large", "Range", "bytes=1234567-9876543")
				require.Equal(t, http.StatusPartialContent, got.status)
				same(t, large[1234567:9876544], got.body, "the range")
			})
		}
	}
}
