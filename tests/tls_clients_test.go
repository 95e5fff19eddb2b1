package tests

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"
)

// presenting is a client that sends this certificate, whoever the server asks for.
func presenting(ca authority, id identity, version uint16) *tls.Config {
	conf := ca.trust()
	conf.MaxVersion = version
	if id.cert != nil {
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return id.tls(), nil
		}
	}
	return conf
}

func TestTLSClientCertificates(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	known, revoked := ca.issue(t, "P-256", "known"), ca.issue(t, "RSA", "revoked")
	ed, stranger := ca.issue(t, "Ed25519", "ed"), newAuthority(t, "other").issue(t, "P-256", "stranger")
	s := start(t, ports("8443/tcp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "must.test", "may.test"), "ca": ca.identity},
			map[string]string{"revoked.crl": ca.revoke(t, revoked)}),
		config(map[string]string{"site.conf": `
			ssl_certificate        certs/site.pem;
			ssl_certificate_key    certs/site.key;
			ssl_client_certificate certs/ca.pem;
			ssl_crl                certs/revoked.crl;
			server {
				listen 8443 ssl;
				server_name must.test;
				ssl_verify_client on;
				return 200 "$ssl_client_verify $ssl_client_s_dn";
			}
			server {
				listen 8443 ssl;
				server_name may.test;
				ssl_verify_client optional;
				location / { return 200 "$ssl_client_verify $ssl_client_s_dn"; }
				error_page 495 =200 @failed;
				location @failed { return 200 "$ssl_client_verify $ssl_client_s_dn"; }
			}`}))
	for name, tt := range map[string]struct {
		id     identity
		status int    // where a certificate is required
		want   string // where it is not
	}{
		"known":    {known, 200, "SUCCESS CN=known"},
		"Ed25519":  {ed, 200, "SUCCESS CN=ed"},
		"none":     {identity{}, 400, "NONE "},
		"stranger": {stranger, 400, "FAILED:unable to verify the first certificate CN=stranger"},
		"revoked":  {revoked, 400, "FAILED:certificate revoked CN=revoked"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+" "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				client := dialer(t, s.addr(t, "8443/tcp"), presenting(ca, tt.id, version))
				got := fetch(t, client, http.MethodGet, "https://must.test")
				require.Equal(t, tt.status, got.status)
				if tt.status == http.StatusOK {
					require.Equal(t, tt.want, got.body)
				}
				got = fetch(t, dialer(t, s.addr(t, "8443/tcp"), presenting(ca, tt.id, version)), http.MethodGet, "https://may.test")
				require.Equal(t, tt.want, got.body)
			})
		}
	}
}

// nginx asks an OCSP responder, which is nginx too, with answers made beforehand.
func TestTLSClientCertificatesAreCheckedByOCSP(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	id, deputy := ca.issue(t, "P-256", "client"), ca.responder(t)
	answers := map[string]struct {
		der    string
		status int
	}{
		"good":         {ca.status(t, ocsp.Good, id, ca.identity), 200},
		"delegated":    {ca.status(t, ocsp.Good, id, deputy), 200},
		"revoked":      {ca.status(t, ocsp.Revoked, id, deputy), 400},
		"unknown":      {ca.status(t, ocsp.Unknown, id, deputy), 400},
		"of-another":   {ca.status(t, ocsp.Good, deputy, deputy), 400},
		"not-entitled": {ca.status(t, ocsp.Good, id, ca.issue(t, "P-256", "thief")), 400},
		"nonsense":     {"nonsense", 400},
		"empty":        {"", 400},
	}
	stored := map[string]string{}
	var conf strings.Builder
	conf.WriteString(`
		ssl_certificate        certs/site.pem;
		ssl_certificate_key    certs/site.key;
		ssl_client_certificate certs/ca.pem;
		ssl_verify_client      on;
		server {
			listen 127.0.0.1:8081;
			default_type application/ocsp-response;
			location ~ ^/(?<name>[^/]+)/ { alias /etc/nginx/certs/$name.answer; }
		}`)
	for name, answer := range answers {
		stored[name+".answer"] = answer.der
		conf.WriteString(`
		server {
			listen 8443 ssl;
			server_name ` + name + `.test;
			ssl_ocsp leaf;
			ssl_ocsp_responder http://127.0.0.1:8081/` + name + `;
			return 200 $ssl_client_verify;
		}`)
	}
	site := ca.issue(t, "P-256", "*.test")
	s := start(t, ports("8443/tcp"), config(map[string]string{"site.conf": conf.String()}),
		certs(t, map[string]identity{"site": site, "ca": ca.identity}, stored))
	for name, answer := range answers {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+" "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				trust := presenting(ca, id, version)
				trust.InsecureSkipVerify = true // no wildcard may stand for all of a top-level domain
				got := fetch(t, dialer(t, s.addr(t, "8443/tcp"), trust), http.MethodGet, "https://"+name+".test")
				require.Equal(t, answer.status, got.status)
				if answer.status == http.StatusOK {
					require.Equal(t, "SUCCESS", got.body)
				}
			})
		}
	}
}
