package tests

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shake makes one TLS connection to the server of that name.
func shake(t *testing.T, addr string, conf *tls.Config, name string) (*tls.Conn, error) {
	t.Helper()
	conf = conf.Clone()
	conf.ServerName = name
	conn := tls.Client(dial(t, addr), conf)
	return conn, conn.HandshakeContext(t.Context())
}

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp", "8444/tcp", "8445/tcp", "8446/tcp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": `
			ssl_certificate     certs/site.pem;
			ssl_certificate_key certs/site.key;
			server { listen 8443 ssl; return 200 $ssl_protocol; }
			# Names of what is no longer there may stay in a configuration.
			server { listen 8444 ssl; ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; return 200 $ssl_protocol; }
			server { listen 8445 ssl; ssl_protocols TLSv1.2; return 200 $ssl_protocol; }
			server { listen 8446 ssl; ssl_protocols TLSv1.3; return 200 $ssl_protocol; }`}))
	const refused = ""
	for port, wants := range map[string]map[uint16]string{
		"8443/tcp": {tls.VersionTLS10: refused, tls.VersionTLS11: refused, tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"},
		"8444/tcp": {tls.VersionTLS10: refused, tls.VersionTLS11: refused, tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"},
		"8445/tcp": {tls.VersionTLS11: refused, tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: refused},
		"8446/tcp": {tls.VersionTLS11: refused, tls.VersionTLS12: refused, tls.VersionTLS13: "TLSv1.3"},
	} {
		for version, want := range wants {
			t.Run(port+" "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				conf := ca.trust()
				conf.MinVersion, conf.MaxVersion = version, version
				conf.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
				if want == refused {
					_, err := shake(t, s.addr(t, port), conf, "site.test")
					require.Error(t, err)
					// What OpenSSL 3.0 calls the security level that forbids a version.
					require.Regexp(t, `remote error: tls: (protocol version not supported|internal error)$`, err.Error())
					return
				}
				got := fetch(t, dialer(t, s.addr(t, port), conf), http.MethodGet, "https://site.test")
				require.Equal(t, want, got.body)
			})
		}
	}
}

func TestTLSCertificateTypes(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	ids := map[string]identity{}
	var conf strings.Builder
	algorithms := []string{"RSA", "RSA-4096", "P-256", "P-384", "P-521", "Ed25519"}
	for _, algorithm := range algorithms {
		name := strings.ToLower(algorithm) + ".test"
		ids[name] = ca.issue(t, algorithm, name)
		conf.WriteString(`
			server {
				listen 8443 ssl;
				server_name ` + name + `;
				ssl_certificate     certs/` + name + `.pem;
				ssl_certificate_key certs/` + name + `.key;
				return 200 "$ssl_server_name $ssl_cipher";
			}`)
	}
	s := start(t, ports("8443/tcp"), certs(t, ids, nil), config(map[string]string{"site.conf": conf.String()}))
	for _, algorithm := range algorithms {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(algorithm+" "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				name := strings.ToLower(algorithm) + ".test"
				conf := ca.trust()
				conf.MaxVersion = version
				got := fetch(t, dialer(t, s.addr(t, "8443/tcp"), conf), http.MethodGet, "https://"+name)
				require.Equal(t, ids[name].cert.SerialNumber, got.tls.PeerCertificates[0].SerialNumber)
				require.Equal(t, version, got.tls.Version)
				require.Regexp(t, "^"+name+" .*(GCM|POLY1305)", got.body)
			})
		}
	}
}

func TestTLSServerNames(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	ids := map[string]identity{
		"one":      ca.issue(t, "P-256", "one.test", "www.one.test"),
		"wild":     ca.issue(t, "P-256", "*.wild.test"),
		"rsa":      ca.issue(t, "RSA", "both.test"),
		"ecdsa":    ca.issue(t, "P-256", "both.test"),
		"fly.test": ca.issue(t, "P-256", "fly.test"),
	}
	s := start(t, ports("8443/tcp", "8444/tcp"), certs(t, ids, nil), config(map[string]string{"site.conf": `
		server {
			listen 8443 ssl default_server;
			server_name one.test www.one.test;
			ssl_certificate     certs/one.pem;
			ssl_certificate_key certs/one.key;
		}
		server {
			listen 8443 ssl;
			server_name *.wild.test;
			ssl_certificate     certs/wild.pem;
			ssl_certificate_key certs/wild.key;
		}
		server {
			listen 8443 ssl;
			server_name both.test;
			ssl_certificate     certs/rsa.pem;
			ssl_certificate_key certs/rsa.key;
			ssl_certificate     certs/ecdsa.pem;
			ssl_certificate_key certs/ecdsa.key;
		}
		server {
			listen 8443 ssl;
			server_name fly.test;
			ssl_certificate     certs/$ssl_server_name.pem;
			ssl_certificate_key certs/$ssl_server_name.key;
		}
		server { listen 8444 ssl default_server; ssl_reject_handshake on; }
		server {
			listen 8444 ssl;
			server_name one.test;
			ssl_certificate     certs/one.pem;
			ssl_certificate_key certs/one.key;
		}`}))
	ecdsaOnly := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
	rsaOnly := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
	for name, tt := range map[string]struct {
		port, host string
		ciphers    []uint16 // of TLS 1.2
		want       string   // "" is a refusal
	}{
		"by name":          {"8443/tcp", "one.test", nil, "one"},
		"by second name":   {"8443/tcp", "www.one.test", nil, "one"},
		"by wildcard":      {"8443/tcp", "any.wild.test", nil, "wild"},
		"unknown name":     {"8443/tcp", "two.test", nil, "one"},
		"no name":          {"8443/tcp", "", nil, "one"},
		"both, ECDSA":      {"8443/tcp", "both.test", ecdsaOnly, "ecdsa"},
		"both, RSA":        {"8443/tcp", "both.test", rsaOnly, "rsa"},
		"read on the fly":  {"8443/tcp", "fly.test", nil, "fly.test"},
		"known to refuser": {"8444/tcp", "one.test", nil, "one"},
		"refused name":     {"8444/tcp", "two.test", nil, ""},
		"refused, no name": {"8444/tcp", "", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.InsecureSkipVerify = true // the certificate itself is compared
			if tt.ciphers != nil {
				conf.MaxVersion, conf.CipherSuites = tls.VersionTLS12, tt.ciphers
			}
			conn, err := shake(t, s.addr(t, tt.port), conf, tt.host)
			if tt.want == "" {
				require.ErrorContains(t, err, "remote error: tls: unrecognized name")
				return
			}
			require.NoError(t, err)
			require.Equal(t, ids[tt.want].cert.SerialNumber, conn.ConnectionState().PeerCertificates[0].SerialNumber)
		})
	}
}
