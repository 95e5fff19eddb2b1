package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Configurations in the words of the official images, mounted as they would be there.

const officialServer = `server {
    listen       8080;
    server_name  localhost;

    #access_log  /var/log/nginx/host.access.log  main;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    # redirect server error pages to the static page /50x.html
    #
    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
`

const officialHTTP = `
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    #tcp_nopush     on;

    keepalive_timeout  65;

    #gzip  on;

    include /etc/nginx/conf.d/*.conf;
}
`

// official is the image for any user, unprivileged the one for an unprivileged one.
const (
	official = `
user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;

events {
    worker_connections  1024;
}

http {` + officialHTTP
	unprivileged = `worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /tmp/nginx.pid;

events {
    worker_connections  1024;
}

http {
    proxy_temp_path /tmp/proxy_temp;
    client_body_temp_path /tmp/client_temp;
    fastcgi_temp_path /tmp/fastcgi_temp;
    uwsgi_temp_path /tmp/uwsgi_temp;
    scgi_temp_path /tmp/scgi_temp;
` + officialHTTP
)

func TestOfficialServerWorksUnchanged(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"default.conf": officialServer}))
	assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
	assert.Equal(t, http.StatusNotFound, s.get(t, "/nothing").Status)
}

func TestOfficialMainConfigurationsWorkUnchanged(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, said string }{
		"official":     {official, `the "user" directive makes sense only if the master process runs with super-user privileges`},
		"unprivileged": {unprivileged, "[notice] 1#1: start worker processes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, mainConfig(tt.text), config(map[string]string{"default.conf": officialServer}))
			assert.Equal(t, http.StatusOK, s.get(t, "/?official").Status)
			parseAccess(t, s.logged(t, "/?official"))
			eventually(t, tt.said, func() bool {
				_, stderr := s.logs(t)
				return strings.Contains(stderr, tt.said)
			})
		})
	}
}
