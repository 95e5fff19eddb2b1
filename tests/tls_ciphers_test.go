package tests

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const intermediate = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" +
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

func TestTLSCiphers(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	var conf strings.Builder
	conf.WriteString(`
		ssl_certificate     certs/rsa.pem;
		ssl_certificate_key certs/rsa.key;
		ssl_certificate     certs/ecdsa.pem;
		ssl_certificate_key certs/ecdsa.key;
		server { listen 8443 ssl; return 200 $ssl_cipher; }
		server { listen 8444 ssl; ssl_ciphers ` + intermediate + `; return 200 $ssl_cipher; }`)
	newest := map[string]string{
		"8451/tcp": "TLS_AES_128_GCM_SHA256",
		"8452/tcp": "TLS_AES_256_GCM_SHA384",
		"8453/tcp": "TLS_CHACHA20_POLY1305_SHA256",
	}
	for port, cipher := range newest {
		conf.WriteString("server { listen " + strings.TrimSuffix(port, "/tcp") + " ssl; ssl_conf_command Ciphersuites " +
			cipher + "; return 200 $ssl_cipher; }\n")
	}
	s := start(t, ports("8443/tcp", "8444/tcp", "8451/tcp", "8452/tcp", "8453/tcp"), config(map[string]string{"site.conf": conf.String()}),
		certs(t, map[string]identity{"rsa": ca.issue(t, "RSA", "site.test"), "ecdsa": ca.issue(t, "P-256", "site.test")}, nil))

	for cipher, tt := range map[uint16]struct {
		name   string
		modern bool // among the intermediate list
	}{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:       {"ECDHE-ECDSA-AES128-GCM-SHA256", true},
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:         {"ECDHE-RSA-AES128-GCM-SHA256", true},
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:       {"ECDHE-ECDSA-AES256-GCM-SHA384", true},
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:         {"ECDHE-RSA-AES256-GCM-SHA384", true},
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: {"ECDHE-ECDSA-CHACHA20-POLY1305", true},
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:   {"ECDHE-RSA-CHACHA20-POLY1305", true},
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA:            {"ECDHE-RSA-AES128-SHA", false},
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256:         {"ECDHE-RSA-AES128-SHA256", false},
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA:          {"ECDHE-ECDSA-AES256-SHA", false},
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256:               {"AES128-GCM-SHA256", false},
		tls.TLS_RSA_WITH_AES_256_GCM_SHA384:               {"AES256-GCM-SHA384", false},
		tls.TLS_RSA_WITH_AES_256_CBC_SHA:                  {"AES256-SHA", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.MaxVersion, conf.CipherSuites = tls.VersionTLS12, []uint16{cipher}
			conf.NextProtos = []string{"http/1.1"} // HTTP/2 forbids some of these
			got := fetch(t, dialer(t, s.addr(t, "8443/tcp"), conf), http.MethodGet, "https://site.test")
			require.Equal(t, tt.name, got.body)
			_, err := shake(t, s.addr(t, "8444/tcp"), conf, "site.test")
			if tt.modern {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "remote error: tls: handshake failure")
			}
		})
	}
	for port, cipher := range newest {
		t.Run(cipher, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, dialer(t, s.addr(t, port), ca.trust()), http.MethodGet, "https://site.test")
			require.Equal(t, cipher, got.body)
		})
	}
	t.Run("none that is broken", func(t *testing.T) {
		t.Parallel()
		conf := ca.trust()
		conf.MaxVersion = tls.VersionTLS12
		conf.CipherSuites = []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}
		_, err := shake(t, s.addr(t, "8443/tcp"), conf, "site.test")
		require.ErrorContains(t, err, "remote error: tls: handshake failure")
	})
}

func TestTLSGroups(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp", "8444/tcp", "8445/tcp"),
		certs(t, map[string]identity{"site": ca.issue(t, "RSA", "site.test")}, nil),
		config(map[string]string{"site.conf": `
			ssl_certificate     certs/site.pem;
			ssl_certificate_key certs/site.key;
			server { listen 8443 ssl; }
			server { listen 8444 ssl; ssl_ecdh_curve X25519:prime256v1:secp384r1; }
			server { listen 8445 ssl; ssl_ecdh_curve X448:secp521r1:brainpoolP256r1:ffdhe2048; }`}))
	testGroups(t, s, ca, map[tls.CurveID]map[string]bool{
		tls.X25519:             {"8443/tcp": true, "8444/tcp": true, "8445/tcp": false},
		tls.CurveP256:          {"8443/tcp": true, "8444/tcp": true, "8445/tcp": false},
		tls.CurveP384:          {"8443/tcp": true, "8444/tcp": true, "8445/tcp": false},
		tls.CurveP521:          {"8443/tcp": true, "8444/tcp": false, "8445/tcp": true},
		tls.X25519MLKEM768:     {"8444/tcp": false, "8445/tcp": false},
		tls.SecP256r1MLKEM768:  {"8444/tcp": false, "8445/tcp": false},
		tls.SecP384r1MLKEM1024: {"8444/tcp": false, "8445/tcp": false},
	})
	t.Run("one round more for who guessed wrong", func(t *testing.T) {
		t.Parallel()
		conf := ca.trust() // Go offers a share of its first group only
		conf.CurvePreferences = []tls.CurveID{tls.CurveP256, tls.CurveP521}
		conn, err := shake(t, s.addr(t, "8445/tcp"), conf, "site.test")
		require.NoError(t, err)
		require.Equal(t, tls.CurveP521, conn.ConnectionState().CurveID)
		require.True(t, conn.ConnectionState().HelloRetryRequest)
	})
}

func TestTLSHybridGroups(t *testing.T) {
	t.Parallel()
	needs(t, hybridGroups)
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp", "8444/tcp", "8445/tcp"),
		certs(t, map[string]identity{"site": ca.issue(t, "RSA", "site.test")}, nil),
		config(map[string]string{"site.conf": `
			ssl_certificate     certs/site.pem;
			ssl_certificate_key certs/site.key;
			server { listen 8443 ssl; }
			server { listen 8444 ssl; ssl_ecdh_curve X25519MLKEM768:X25519; }
			server { listen 8445 ssl; ssl_ecdh_curve SecP384r1MLKEM1024:SecP256r1MLKEM768:X448; }`}))
	testGroups(t, s, ca, map[tls.CurveID]map[string]bool{
		tls.X25519MLKEM768:     {"8443/tcp": true, "8444/tcp": true, "8445/tcp": false},
		tls.SecP256r1MLKEM768:  {"8444/tcp": false, "8445/tcp": true},
		tls.SecP384r1MLKEM1024: {"8444/tcp": false, "8445/tcp": true},
		tls.X25519:             {"8444/tcp": true, "8445/tcp": false},
	})
	t.Run("the hybrid one comes first", func(t *testing.T) {
		t.Parallel()
		for _, port := range []string{"8443/tcp", "8444/tcp"} {
			conn, err := shake(t, s.addr(t, port), ca.trust(), "site.test")
			require.NoError(t, err)
			require.Equal(t, tls.X25519MLKEM768, conn.ConnectionState().CurveID)
		}
	})
}

// testGroups offers one group at a time, which each port accepts or refuses.
func testGroups(t *testing.T, s *server, ca authority, table map[tls.CurveID]map[string]bool) {
	t.Helper()
	for group, wants := range table {
		for port, accepted := range wants {
			t.Run(group.String()+" "+port, func(t *testing.T) {
				t.Parallel()
				conf := ca.trust()
				conf.CurvePreferences = []tls.CurveID{group}
				conn, err := shake(t, s.addr(t, port), conf, "site.test")
				if !accepted {
					require.ErrorContains(t, err, "remote error: tls: handshake failure")
					return
				}
				require.NoError(t, err)
				require.Equal(t, group, conn.ConnectionState().CurveID)
			})
		}
	}
}
