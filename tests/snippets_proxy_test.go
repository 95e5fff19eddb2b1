package tests

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every header of the request as the application gets it, and from which connection.
func echoHeaders(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Powered-By", "anything")
	fmt.Fprintf(w, "Proto: %s\nHost: %s\n", r.Proto, r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(w, "%s: %q\n", name, r.Header[name])
	}
}

func TestSnippetProxy(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	listener, app := socket(t)
	var connections atomic.Int32
	backend := &http.Server{Handler: http.HandlerFunc(echoHeaders), ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}}
	go func() { _ = backend.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	s := start(t, app, ports("8080/tcp", "8443/tcp"), certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		mainConfig(`
			worker_processes 1;
			pid /dev/shm/nginx.pid;
			events { }
			http {
				upstream app { server unix:/run/app/app.sock; keepalive 4; }
				include conf.d/*.conf;
			}`),
		config(map[string]string{"site.conf": `
			server {
				listen 8080;
				listen 8443 ssl;
				ssl_certificate     certs/site.pem;
				ssl_certificate_key certs/site.key;
				location / { include snippets/proxy.conf; proxy_pass http://app; }
				location /more/ { include snippets/proxy.conf; proxy_set_header X-More $request_id; proxy_pass http://app; }
			}`}))
	forged := []string{
		"X-Forwarded-For", "203.0.113.9", "X-Real-IP", "203.0.113.9", "X-Forwarded-Host", "evil.test", "X-Forwarded-Proto", "gopher",
		"X-Forwarded-Port", "1", "X-Forwarded-Prefix", "/evil", "X-Forwarded-Scheme", "gopher", "X-Forwarded-Ssl", "on",
		"X-Original-URL", "/admin", "X-Rewrite-URL", "/admin", "Forwarded", "for=203.0.113.9", "Proxy", "http://evil.test", "User-Agent", "test",
	}
	for name, tt := range map[string]struct {
		port, url, proto, more string
	}{
		"http":           {"8080/tcp", "http://site.test:81/", "http", ""},
		"https":          {"8443/tcp", "https://site.test/", "https", ""},
		"headers beside": {"8443/tcp", "https://site.test/more/", "https", `X-More: \["[0-9a-f]{32}"\]\n`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, dialer(t, s.addr(t, tt.port), ca.trust()), http.MethodGet, tt.url, forged...)
			require.Equal(t, http.StatusOK, got.status)
			require.Regexp(t, `^Proto: HTTP/1\.1\nHost: site\.test\n`+
				`User-Agent: \["test"\]\nX-Forwarded-For: \["([0-9.]+)"\]\nX-Forwarded-Host: \["site.test"\]\n`+
				`X-Forwarded-Proto: \["`+tt.proto+`"\]\n`+tt.more+`X-Real-Ip: \["([0-9.]+)"\]\n$`, got.body)
			require.NotContains(t, got.body, "203.0.113.9")
			require.NotContains(t, got.header, "X-Powered-By")
		})
	}
	t.Run("connections are kept", func(t *testing.T) {
		before := connections.Load()
		for range 50 {
			client := dialer(t, s.addr(t, "8080/tcp"), nil)
			require.Equal(t, http.StatusOK, fetch(t, client, http.MethodGet, "http://site.test", "Connection", "close").status)
		}
		require.LessOrEqual(t, connections.Load()-before, int32(1), "50 requests of 50 clients use the same connection")
	})
}

// An upstream that lets nobody in is given up in time, and the next one is asked.
func TestSnippetProxyGivesUp(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": `
		include snippets/proxy.conf;
		upstream dead { server 127.0.0.1:1; server 127.0.0.1:2; server 127.0.0.1:3; server 127.0.0.1:4; server 127.0.0.1:5; }
		upstream half { server 127.0.0.1:1; server 127.0.0.1:8081; }
		log_format asked "$request_uri asked $upstream_addr.";
		server {
			listen 8080;
			access_log /dev/stdout asked;
			location /dead { proxy_pass http://dead; }
			location /half { proxy_pass http://half; }
		}
		server { listen 127.0.0.1:8081; access_log off; return 200 alive; }`}))
	require.Equal(t, http.StatusBadGateway, s.get(t, "/dead").Status)
	require.Regexp(t, `^/dead asked (127\.0\.0\.1:[1-5], ){2}127\.0\.0\.1:[1-5]\.$`, s.logged(t, "/dead"))
	for range 4 {
		require.Equal(t, "alive", s.get(t, "/half").Body)
	}
}
