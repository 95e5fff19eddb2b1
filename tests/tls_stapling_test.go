package tests

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"
)

func TestTLSStapling(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	ids := map[string]identity{
		"ca":   ca.identity,
		"file": ca.issue(t, "P-256", "file.test"),
		"live": ca.issue(t, "RSA", "live.test"),
		"none": ca.issue(t, "P-256", "none.test"),
	}
	s := start(t, ports("8443/tcp"),
		certs(t, ids, map[string]string{
			"file.answer": ca.status(t, ocsp.Good, ids["file"], ca.identity),
			"live.answer": ca.status(t, ocsp.Good, ids["live"], ca.responder(t)),
		}),
		config(map[string]string{"site.conf": `
			ssl_trusted_certificate certs/ca.pem;
			server {
				listen 8443 ssl;
				server_name file.test;
				ssl_certificate     certs/file.pem;
				ssl_certificate_key certs/file.key;
				ssl_stapling        on;
				ssl_stapling_file   certs/file.answer;
			}
			server {
				listen 8443 ssl;
				server_name live.test;
				ssl_certificate        certs/live.pem;
				ssl_certificate_key    certs/live.key;
				ssl_stapling           on;
				ssl_stapling_verify    on;
				ssl_stapling_responder http://127.0.0.1:8081/;
			}
			server {
				listen 8443 ssl;
				server_name none.test;
				ssl_certificate     certs/none.pem;
				ssl_certificate_key certs/none.key;
			}
			server {
				listen 127.0.0.1:8081;
				location / {
					rewrite ^ /live.answer break;
					root /etc/nginx/certs;
					default_type application/ocsp-response;
				}
			}`}))
	stapled := func(t *testing.T, name string) []byte {
		t.Helper()
		conn, err := shake(t, s.addr(t, "8443/tcp"), ca.trust(), name+".test")
		require.NoError(t, err)
		return conn.ConnectionState().OCSPResponse
	}
	for _, name := range []string{"file", "live"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A worker asks the responder when its first client comes, who does not wait.
			var der []byte
			eventually(t, "an answer is stapled", func() bool {
				der = stapled(t, name)
				return len(der) > 0
			})
			answer, err := ocsp.ParseResponseForCert(der, ids[name].cert, ca.cert)
			require.NoError(t, err)
			require.Equal(t, ocsp.Good, answer.Status)
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, stapled(t, "none"))
	})
}
