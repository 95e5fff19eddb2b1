package tests

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The first port has tls-modern.conf, the second tls-intermediate.conf.
const modernPort, intermediatePort = "8443/tcp", "8444/tcp"

// startTLSSnippets runs a server for each of the two, with an RSA and an ECDSA certificate.
func startTLSSnippets(t *testing.T) (*server, authority) {
	t.Helper()
	needs(t, hybridGroups)
	ca := newAuthority(t, "ca")
	return start(t, ports(modernPort, intermediatePort),
		certs(t, map[string]identity{"rsa": ca.issue(t, "RSA", "site.test"), "ecdsa": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": `
			ssl_certificate     certs/rsa.pem;
			ssl_certificate_key certs/rsa.key;
			ssl_certificate     certs/ecdsa.pem;
			ssl_certificate_key certs/ecdsa.key;
			server { listen 8443 ssl; include snippets/tls-modern.conf; return 200 $ssl_session_reused; }
			server { listen 8444 ssl; include snippets/tls-intermediate.conf; return 200 $ssl_session_reused; }`})), ca
}

func TestSnippetTLSVersions(t *testing.T) {
	t.Parallel()
	s, ca := startTLSSnippets(t)
	for port, accepted := range map[string]map[uint16]bool{
		modernPort:       {tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: false, tls.VersionTLS13: true},
		intermediatePort: {tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true},
	} {
		for version, want := range accepted {
			t.Run(port+" "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				conf := ca.trust()
				conf.MinVersion, conf.MaxVersion = version, version
				conn, err := shake(t, s.addr(t, port), conf, "site.test")
				if !want {
					require.ErrorContains(t, err, "remote error: tls: protocol version not supported")
					return
				}
				require.NoError(t, err)
				require.Equal(t, version, conn.ConnectionState().Version)
			})
		}
	}
}

func TestSnippetTLSGroups(t *testing.T) {
	t.Parallel()
	s, ca := startTLSSnippets(t)
	both := func(accepted bool) map[string]bool {
		return map[string]bool{modernPort: accepted, intermediatePort: accepted}
	}
	testGroups(t, s, ca, map[tls.CurveID]map[string]bool{
		tls.X25519MLKEM768:     both(true),
		tls.X25519:             both(true),
		tls.CurveP256:          both(true),
		tls.CurveP384:          both(true),
		tls.CurveP521:          both(false),
		tls.SecP256r1MLKEM768:  both(false),
		tls.SecP384r1MLKEM1024: both(false),
	})
	for _, port := range []string{modernPort, intermediatePort} {
		conn, err := shake(t, s.addr(t, port), ca.trust(), "site.test")
		require.NoError(t, err)
		require.Equal(t, tls.X25519MLKEM768, conn.ConnectionState().CurveID, "the hybrid one comes first")
		require.False(t, conn.ConnectionState().HelloRetryRequest)
	}
}

// The ciphers of TLS 1.2 that are left, each with the certificate it is for; and those
// that are not.
func TestSnippetTLSCiphers(t *testing.T) {
	t.Parallel()
	s, ca := startTLSSnippets(t)
	for cipher, accepted := range map[uint16]bool{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:       true,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:         true,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:       true,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:         true,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: true,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:   true,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA:          false,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA:          false,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256:       false,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA:            false,
		tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA:            false,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256:         false,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256:               false,
		tls.TLS_RSA_WITH_AES_256_GCM_SHA384:               false,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA:                  false,
		tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA:                 false,
		tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA:                false,
	} {
		t.Run(tls.CipherSuiteName(cipher), func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.MaxVersion, conf.CipherSuites = tls.VersionTLS12, []uint16{cipher}
			conn, err := shake(t, s.addr(t, intermediatePort), conf, "site.test")
			if !accepted {
				require.ErrorContains(t, err, "remote error: tls: handshake failure")
				return
			}
			require.NoError(t, err)
			require.Equal(t, cipher, conn.ConnectionState().CipherSuite)
		})
	}
}

// Sessions are resumed out of the server's memory. A ticket of TLS 1.2, which would be
// encrypted with one key for all, is not even offered.
func TestSnippetTLSSessions(t *testing.T) {
	t.Parallel()
	s, ca := startTLSSnippets(t)
	for name, tt := range map[string]struct {
		port    string
		version uint16
		resumed bool // by a client that knows no session identifiers of TLS 1.2
	}{
		"modern":                {modernPort, tls.VersionTLS13, true},
		"intermediate":          {intermediatePort, tls.VersionTLS13, true},
		"intermediate, TLS 1.2": {intermediatePort, tls.VersionTLS12, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.MaxVersion = tt.version
			conf.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			require.False(t, visit(t, s.addr(t, tt.port), conf))
			require.Equal(t, tt.resumed, visit(t, s.addr(t, tt.port), conf))
		})
	}
}

func TestSnippetHSTS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp"), certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": `
			server {
				listen 8443 ssl;
				ssl_certificate     certs/site.pem;
				ssl_certificate_key certs/site.key;
				include snippets/hsts.conf;
				add_header X-Server 1;
				root /usr/share/nginx/html;
				location /moved { return 301 /; }
				location /broken { return 500; }
				location /lost { add_header X-Own 1; return 200; }
				location /own { add_header X-Own 1; include snippets/hsts.conf; return 200; }
			}`}))
	const years = "max-age=63072000"
	for path, want := range map[string]string{
		"/": years, "/nothing": years, "/moved": years, "/broken": years, "/own": years,
		"/lost": "", // as the snippet says
	} {
		got := fetch(t, dialer(t, s.addr(t, "8443/tcp"), ca.trust()), http.MethodGet, "https://site.test"+path)
		require.Equal(t, want, got.header.Get("Strict-Transport-Security"), path)
		require.LessOrEqual(t, len(got.header.Values("Strict-Transport-Security")), 1, path)
	}
}
