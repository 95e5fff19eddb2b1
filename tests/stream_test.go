package tests

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const streams = `
	worker_processes 2;
	pid /dev/shm/nginx.pid;
	events { }
	http {
		access_log off;
		server { listen 127.0.0.1:9000 proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; return 200 "$remote_addr $server_port"; }
		server {
			listen 127.0.0.1:9001 ssl;
			ssl_certificate certs/one.pem; ssl_certificate_key certs/one.key;
			return 200 "one $ssl_server_name";
		}
		server {
			listen 127.0.0.1:9002 ssl; http2 on;
			ssl_certificate certs/two.pem; ssl_certificate_key certs/two.key;
			return 200 "two $ssl_server_name";
		}
	}
	stream {
		map $ssl_preread_server_name $by_name { one.test 127.0.0.1:9001; ~^two\. 127.0.0.1:9002; default 127.0.0.1:9003; }
		map $ssl_preread_alpn_protocols $by_alpn { ~\bh2\b 127.0.0.1:9002; default 127.0.0.1:9001; }
		upstream balanced { hash $remote_addr consistent; server 127.0.0.1:9003; server 127.0.0.1:1 down; zone balanced 64k; }
		log_format session '$remote_addr $protocol $status $bytes_sent $bytes_received $session_time';
		access_log /dev/stdout session;

		server { listen 8001; proxy_pass balanced; }
		server { listen 127.0.0.1:9003; return "plain $server_port\n"; }

		# TLS ends here, the protocol inside goes on.
		server {
			listen 8002 ssl;
			ssl_certificate certs/one.pem; ssl_certificate_key certs/one.key;
			proxy_pass 127.0.0.1:9000; proxy_protocol on;
		}
		# TLS goes on unopened, where its name says.
		server { listen 8003; ssl_preread on; proxy_pass $by_name; }
		server { listen 8004; ssl_preread on; proxy_pass $by_alpn; }
		# TLS begins here.
		server {
			listen 8005;
			proxy_ssl on; proxy_ssl_server_name on; proxy_ssl_name one.test;
			proxy_ssl_verify on; proxy_ssl_trusted_certificate certs/ca.pem;
			proxy_pass 127.0.0.1:9001;
		}
		server {
			listen 8006 ssl;
			ssl_certificate certs/one.pem; ssl_certificate_key certs/one.key;
			ssl_verify_client optional; ssl_client_certificate certs/ca.pem;
			ssl_alpn echo;
			return "$ssl_protocol $ssl_client_verify $ssl_client_s_dn $ssl_alpn_protocol";
		}
		server { listen 8053 udp; proxy_pass 127.0.0.11:53; proxy_responses 1; proxy_timeout 5s; }
	}`

func TestStreams(t *testing.T) {
	t.Parallel()
	needs(t, streamModule)
	ca := newAuthority(t, "ca")
	ids := map[string]identity{"ca": ca.identity, "one": ca.issue(t, "P-256", "one.test"), "two": ca.issue(t, "RSA", "two.test")}
	s := start(t, onNetwork(newNetwork(t), "streams"), mainConfig(streams), certs(t, ids, nil),
		ports("8001/tcp", "8002/tcp", "8003/tcp", "8004/tcp", "8005/tcp", "8006/tcp", "8053/udp"))
	hear := func(t *testing.T, from io.Reader) string {
		t.Helper()
		text, err := io.ReadAll(from)
		require.NoError(t, err)
		return string(text)
	}
	t.Run("TCP", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "plain 9003\n", hear(t, dial(t, s.addr(t, "8001/tcp"))))
	})
	t.Run("TLS ends and the address is passed on", func(t *testing.T) {
		t.Parallel()
		got := fetch(t, dialer(t, s.addr(t, "8002/tcp"), ca.trust()), http.MethodGet, "https://one.test")
		require.Regexp(t, `^[0-9.]+ 9000$`, got.body)
		require.NotContains(t, got.body, "127.0.0.1")
	})
	for name, want := range map[string]string{"one.test": "one one.test", "two.test": "two two.test"} {
		t.Run("routed by name to "+name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				conf := ca.trust()
				conf.MaxVersion = version
				got := fetch(t, dialer(t, s.addr(t, "8003/tcp"), conf), http.MethodGet, "https://"+name)
				require.Equal(t, want, got.body)
				require.Equal(t, version, got.tls.Version)
			}
		})
	}
	t.Run("routed by protocol", func(t *testing.T) {
		t.Parallel()
		for offer, want := range map[string]string{"h2": "two", "http/1.1": "one"} {
			conf := ca.trust()
			conf.InsecureSkipVerify = true // the certificate itself is compared
			conf.NextProtos = []string{offer}
			conn, err := shake(t, s.addr(t, "8004/tcp"), conf, "any.test")
			require.NoError(t, err)
			require.Equal(t, ids[want].cert.SerialNumber, conn.ConnectionState().PeerCertificates[0].SerialNumber)
		}
	})
	t.Run("what is not TLS has no name", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, s.addr(t, "8003/tcp"))
		conn.say(t, "GET / HTTP/1.1")
		require.Equal(t, "plain 9003\n", hear(t, conn))
	})
	t.Run("TLS begins", func(t *testing.T) {
		t.Parallel()
		got := fetch(t, dialer(t, s.addr(t, "8005/tcp"), nil), http.MethodGet, "http://one.test")
		require.Equal(t, "one one.test", got.body)
	})
	t.Run("client certificate", func(t *testing.T) {
		t.Parallel()
		conf := presenting(ca, ids["two"], tls.VersionTLS13)
		conf.NextProtos = []string{"echo"}
		conn, err := shake(t, s.addr(t, "8006/tcp"), conf, "one.test")
		require.NoError(t, err)
		require.Equal(t, "TLSv1.3 SUCCESS CN=two.test echo", hear(t, conn))
	})
	t.Run("UDP", func(t *testing.T) {
		t.Parallel()
		addr := s.addr(t, "8053/udp")
		resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "udp", addr)
		}}
		found, err := resolver.LookupHost(t.Context(), "streams.") // the engine's name for the container itself
		require.NoError(t, err)
		inside, err := s.ContainerIP(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{inside}, found)
	})
	t.Run("every session is logged", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "plain 9003\n", hear(t, dial(t, s.addr(t, "8001/tcp"))))
		logged := regexp.MustCompile(`(?m)^[0-9.]+ TCP 200 11 0 \d+\.\d{3}$`)
		eventually(t, "a session in the log", func() bool {
			stdout, _ := s.logs(t)
			return logged.MatchString(stdout)
		})
	})
}
