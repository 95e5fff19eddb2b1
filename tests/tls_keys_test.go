package tests

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdsa"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"hash"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/scrypt"
)

const passphrase = "correct horse battery staple"

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	oidSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7} // as HMAC
	oidSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES128 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2} // as CBC
	oidAES256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oid3DES   = asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}
)

// A derivation turns the passphrase into a key of some size and describes how.
type derivation func(t *testing.T, size int) ([]byte, pkix.AlgorithmIdentifier)

func viaPBKDF2(oid asn1.ObjectIdentifier, digest func() hash.Hash) derivation {
	return func(t *testing.T, size int) ([]byte, pkix.AlgorithmIdentifier) {
		t.Helper()
		salt, rounds := []byte(randomText(t, 8)), 2048
		key, err := pbkdf2.Key(digest, passphrase, salt, rounds, size)
		require.NoError(t, err)
		return key, algorithm(t, oidPBKDF2, struct {
			Salt   []byte
			Rounds int
			PRF    pkix.AlgorithmIdentifier
		}{salt, rounds, pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue}})
	}
}

func viaScrypt(t *testing.T, size int) ([]byte, pkix.AlgorithmIdentifier) {
	t.Helper()
	salt := []byte(randomText(t, 8))
	key, err := scrypt.Key([]byte(passphrase), salt, 16384, 8, 1, size)
	require.NoError(t, err)
	return key, algorithm(t, oidScrypt, struct {
		Salt    []byte
		N, R, P int
	}{salt, 16384, 8, 1})
}

func algorithm(t *testing.T, oid asn1.ObjectIdentifier, params any) pkix.AlgorithmIdentifier {
	t.Helper()
	der, err := asn1.Marshal(params)
	require.NoError(t, err)
	return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: der}}
}

// pbes2 encrypts a PKCS #8 key as "openssl pkcs8 -topk8" does (RFC 8018).
func pbes2(t *testing.T, plain []byte, derive derivation, oid asn1.ObjectIdentifier, size int) string {
	t.Helper()
	key, how := derive(t, size)
	newCipher := aes.NewCipher
	if oid.Equal(oid3DES) {
		newCipher = des.NewTripleDESCipher
	}
	block, err := newCipher(key)
	require.NoError(t, err)
	pad := block.BlockSize() - len(plain)%block.BlockSize()
	secret := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	iv := []byte(randomText(t, block.BlockSize()))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(secret, secret)
	der, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Secret    []byte
	}{algorithm(t, oidPBES2, struct{ Derivation, Cipher pkix.AlgorithmIdentifier }{how, algorithm(t, oid, iv)}), secret})
	require.NoError(t, err)
	return pemText("ENCRYPTED PRIVATE KEY", der)
}

// traditional encrypts as "openssl rsa -aes256" used to: "Proc-Type: 4,ENCRYPTED".
func traditional(t *testing.T, id identity, with x509.PEMCipher) string {
	t.Helper()
	plain := privatePEM(t, id)
	//nolint:staticcheck // the form is insecure, but keys in it are still about
	block, err := x509.EncryptPEMBlock(rand.Reader, plain.Type, plain.Bytes, []byte(passphrase), with)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(block))
}

func TestTLSPrivateKeyFormats(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	forRSA, forEC, forEd := ca.issue(t, "RSA", "rsa"), ca.issue(t, "P-256", "ec"), ca.issue(t, "Ed25519", "ed")
	sha1PRF, sha256PRF := viaPBKDF2(oidSHA1, sha1.New), viaPBKDF2(oidSHA256, sha256.New)
	table := map[string]struct {
		id  identity
		key string
	}{
		"pkcs8-aes256-sha256-rsa":     {forRSA, pbes2(t, forRSA.pkcs8(t), sha256PRF, oidAES256, 32)},
		"pkcs8-aes256-sha256-ec":      {forEC, pbes2(t, forEC.pkcs8(t), sha256PRF, oidAES256, 32)},
		"pkcs8-aes256-sha256-ed25519": {forEd, pbes2(t, forEd.pkcs8(t), sha256PRF, oidAES256, 32)},
		"pkcs8-aes128-sha1":           {forEC, pbes2(t, forEC.pkcs8(t), sha1PRF, oidAES128, 16)},
		"pkcs8-3des-sha1":             {forRSA, pbes2(t, forRSA.pkcs8(t), sha1PRF, oid3DES, 24)},
		"pkcs8-aes256-scrypt":         {forEC, pbes2(t, forEC.pkcs8(t), viaScrypt, oidAES256, 32)},
		"pem-aes128":                  {forRSA, traditional(t, forRSA, x509.PEMCipherAES128)},
		"pem-aes256":                  {forEC, traditional(t, forEC, x509.PEMCipherAES256)},
		"pem-3des":                    {forRSA, traditional(t, forRSA, x509.PEMCipher3DES)},
		"plain-pkcs1":                 {forRSA, string(pem.EncodeToMemory(privatePEM(t, forRSA)))},
		"plain-sec1":                  {forEC, string(pem.EncodeToMemory(privatePEM(t, forEC)))},
		"plain-pkcs8":                 {forEd, pemText("PRIVATE KEY", forEd.pkcs8(t))},
	}
	stored := map[string]string{"passwords": "not this one\n" + passphrase + "\n", "wrong": "not this one\n"}
	var conf strings.Builder
	for name, tt := range table {
		stored[name+".pem"], stored[name+".key"] = tt.id.certPEM(), tt.key
		conf.WriteString(`
			server {
				listen 8443 ssl;
				server_name ` + name + `;
				ssl_certificate     certs/` + name + `.pem;
				ssl_certificate_key certs/` + name + `.key;
				ssl_password_file   certs/passwords;
				return 200 $ssl_server_name;
			}`)
	}
	mounted := certs(t, nil, stored)
	s := start(t, ports("8443/tcp"), mounted, config(map[string]string{"site.conf": conf.String()}))
	for name, tt := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trust := ca.trust()
			trust.InsecureSkipVerify = true // the certificate itself is compared
			got := fetch(t, dialer(t, s.addr(t, "8443/tcp"), trust), http.MethodGet, "https://"+name)
			require.Equal(t, name, got.body)
			require.Equal(t, tt.id.cert.SerialNumber, got.tls.PeerCertificates[0].SerialNumber)
		})
	}
	t.Run("a wrong password is refused at start", func(t *testing.T) {
		t.Parallel()
		code, _, stderr := run(t, mounted, config(map[string]string{
			"site.conf": strings.ReplaceAll(conf.String(), "certs/passwords", "certs/wrong"),
		}))
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "cannot load certificate key")
	})
}

// privatePEM is the key in the older form of its algorithm, PKCS #1 or SEC 1.
func privatePEM(t *testing.T, id identity) *pem.Block {
	t.Helper()
	switch key := id.key.(type) {
	case *rsa.PrivateKey:
		return &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		require.NoError(t, err)
		return &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}
	}
	t.Fatalf("%T has no such form", id.key)
	return nil
}
