package tests

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"
)

// An identity is a private key and the certificate for it.
type identity struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// An authority is an identity that vouches for others, as long as a test runs.
type authority struct{ identity }

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	template := certificate(t, name)
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = nil
	key := newKey(t, "P-256")
	return authority{sign(t, template, template, key, key)}
}

// issue makes a certificate for these names, good for a server and for a client.
func (a authority) issue(t *testing.T, algorithm string, names ...string) identity {
	t.Helper()
	template := certificate(t, names[0])
	template.DNSNames = names
	return sign(t, template, a.cert, newKey(t, algorithm), a.key)
}

// responder makes a certificate that may sign OCSP answers for the authority.
func (a authority) responder(t *testing.T) identity {
	t.Helper()
	template := certificate(t, "responder")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	return sign(t, template, a.cert, newKey(t, "P-256"), a.key)
}

// revoke is a list, in PEM, that revokes these certificates of the authority.
func (a authority) revoke(t *testing.T, ids ...identity) string {
	t.Helper()
	list := &x509.RevocationList{
		Number:     serial(t),
		ThisUpdate: time.Now().Add(-time.Hour),
		NextUpdate: time.Now().Add(time.Hour),
	}
	for _, id := range ids {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: id.cert.SerialNumber, RevocationTime: time.Now().Add(-time.Minute),
		})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	require.NoError(t, err)
	return pemText("X509 CRL", der)
}

// status is an OCSP answer about one certificate, in DER, signed by the authority
// or by a responder of it. It is one of ocsp.Good, ocsp.Revoked and ocsp.Unknown.
func (a authority) status(t *testing.T, status int, about, signer identity) string {
	t.Helper()
	answer := ocsp.Response{
		Status:       status,
		SerialNumber: about.cert.SerialNumber,
		ThisUpdate:   time.Now().Add(-time.Hour),
		NextUpdate:   time.Now().Add(time.Hour),
		RevokedAt:    time.Now().Add(-time.Minute),
	}
	if signer.cert != a.cert {
		answer.Certificate = signer.cert
	}
	der, err := ocsp.CreateResponse(a.cert, signer.cert, answer, signer.key)
	require.NoError(t, err)
	return string(der)
}

// trust is the client's side: a configuration that believes the authority alone.
func (a authority) trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func (id identity) certPEM() string { return pemText("CERTIFICATE", id.cert.Raw) }

func (id identity) pkcs8(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(id.key)
	require.NoError(t, err)
	return der
}

func (id identity) tls() *tls.Certificate {
	return &tls.Certificate{Certificate: [][]byte{id.cert.Raw}, PrivateKey: id.key, Leaf: id.cert}
}

// certs mounts name.pem and name.key of every identity, and the other files, at
// /etc/nginx/certs. A configuration calls them certs/name.pem.
func certs(t *testing.T, ids map[string]identity, others map[string]string) option {
	t.Helper()
	all := maps.Clone(others)
	if all == nil {
		all = map[string]string{}
	}
	for name, id := range ids {
		all[name+".pem"] = id.certPEM()
		all[name+".key"] = pemText("PRIVATE KEY", id.pkcs8(t))
	}
	return files(directory(t, all), "/etc/nginx/certs")
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func certificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	return &x509.Certificate{
		SerialNumber: serial(t),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func sign(t *testing.T, template, issuer *x509.Certificate, key, issuerKey crypto.Signer) identity {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return identity{cert, key}
}

func serial(t *testing.T) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	require.NoError(t, err)
	return n.Add(n, big.NewInt(1))
}

func newKey(t *testing.T, algorithm string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case "RSA":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "RSA-4096":
		key, err = rsa.GenerateKey(rand.Reader, 4096)
	case "P-256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "P-521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "Ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no key algorithm is called %s", algorithm)
	}
	require.NoError(t, err)
	return key
}
