package tests

import (
	"cmp"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What OpenSSL says of an error is in the log in words: libraries have texts of their own.
func TestTLSErrorsHaveWords(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp"), certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": `
			error_log stderr info;
			server {
				listen 8443 ssl;
				ssl_certificate     certs/site.pem;
				ssl_certificate_key certs/site.key;
			}`}))
	for said, sent := range map[string]string{
		"error:0A00010B:SSL routines::wrong version number": "\x16\x02\x00\x00\x05hello",
		// TLS 1.2, with one cipher that nobody has.
		"error:0A0000C1:SSL routines::no shared cipher": "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" +
			strings.Repeat("r", 32) + "\x00\x00\x02\xff\xee\x01\x00",
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.addr(t, "8443/tcp"))
			require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
			_, err := io.WriteString(conn, sent)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, conn)
			require.NoError(t, err, "nginx ends what it cannot understand")
			eventually(t, said, func() bool {
				_, stderr := s.logs(t)
				return strings.Contains(stderr, said)
			})
		})
	}
	good := ca.issue(t, "P-256", "site.test")
	key := pemText("PRIVATE KEY", good.pkcs8(t))
	another := pemText("PRIVATE KEY", ca.issue(t, "P-256", "site.test").pkcs8(t))
	for said, bad := range map[string]struct{ certificate, key string }{
		"PEM routines::no start line":                    {certificate: "none\n"},
		"PEM routines::bad base64 decode":                {certificate: "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"},
		"asn1 encoding routines::":                       {certificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
		"DECODER routines::unsupported":                  {key: "none\n"},
		"x509 certificate routines::key values mismatch": {key: another},
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := run(t, command("nginx", "-t"), config(map[string]string{"site.conf": `
				server {
					listen 8443 ssl;
					ssl_certificate     certs/bad.pem;
					ssl_certificate_key certs/bad.key;
				}`}), certs(t, nil, map[string]string{
				"bad.pem": cmp.Or(bad.certificate, good.certPEM()), "bad.key": cmp.Or(bad.key, key),
			}))
			require.Equal(t, 1, code)
			require.Contains(t, stderr, said)
		})
	}
}
