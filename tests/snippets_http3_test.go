package tests

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSnippetHTTP3(t *testing.T) {
	t.Parallel()
	needs(t, http3Module, hybridGroups)
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp", "8443/udp"), certs(t, map[string]identity{"site": ca.issue(t, "P-256", "one.test", "two.test")}, nil),
		config(map[string]string{"site.conf": `
			ssl_certificate     certs/site.pem;
			ssl_certificate_key certs/site.key;
			include snippets/tls-modern.conf;
			server {
				listen 8443 ssl default_server;
				listen 8443 quic default_server reuseport;
				include snippets/reject-unknown-host.conf;
			}
			server {
				listen 8443 ssl;
				listen 8443 quic;
				server_name one.test;
				include snippets/http3.conf;
				include snippets/hsts.conf;
				location / { return 200 "one $server_protocol"; }
			}
			server {
				listen 8443 ssl;
				listen 8443 quic;
				server_name two.test;
				return 200 "two $server_protocol"; # before the snippet has its say
				include snippets/http3.conf;
			}`}))
	tcp := dialer(t, s.addr(t, "8443/tcp"), ca.trust())
	for host, want := range map[string]string{
		"one.test":       `h3=":443"; ma=86400`,
		"one.test:8443":  `h3=":8443"; ma=86400`,
		"one.test:31443": `h3=":31443"; ma=86400`,
		"two.test":       "", // rather none than one that is wrong
	} {
		t.Run("says where, "+host, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, tcp, http.MethodGet, "https://"+host)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, want, got.header.Get("Alt-Svc"))
		})
	}
	t.Run("a name in place of the port", func(t *testing.T) {
		t.Parallel()
		got := fetch(t, tcp, http.MethodGet, "https://one.test", "Host", `one.test:"; ma=1`)
		require.NotContains(t, got.header.Get("Alt-Svc"), "ma=1")
	})
	for _, name := range []string{"one", "two"} {
		t.Run("HTTP/3, "+name, func(t *testing.T) {
			t.Parallel()
			client, connections := quicClient(t, s.addr(t, "8443/udp"), ca.trust())
			for range 20 {
				got := fetch(t, client, http.MethodGet, "https://"+name+".test")
				require.Equal(t, "HTTP/3.0", got.proto)
				require.Equal(t, name+" HTTP/3.0", got.body)
				require.Equal(t, tls.X25519MLKEM768, got.tls.CurveID)
			}
			require.EqualValues(t, 1, connections.Load())
		})
	}
	t.Run("unknown hosts are rejected here too", func(t *testing.T) {
		t.Parallel()
		conf := ca.trust()
		conf.InsecureSkipVerify = true
		client, _ := quicClient(t, s.addr(t, "8443/udp"), conf)
		_, err := try(t.Context(), client, http.MethodGet, "https://other.test", nil)
		require.ErrorContains(t, err, "CRYPTO_ERROR 0x170") // 112 is TLS: unrecognized name
	})
}
