package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func password(secret string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(secret), nil }
}

// unasked fails the test: this key needs no password.
func unasked(t *testing.T) func() ([]byte, error) {
	t.Helper()
	return func() ([]byte, error) {
		t.Error("a password was asked for")
		return nil, nil
	}
}

func generate(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func block(kind string, der []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// refused wants an error with what it must say.
func refused(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	key := generate(t)
	for _, secret := range []string{"open sesame", ""} {
		private, public, err := Encode(key, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Private(private, password(secret))
		if err != nil || !got.Equal(key) {
			t.Errorf("with the password %q: %v", secret, err)
		}
		if _, err := Private(private, password("another")); !errors.Is(err, ErrPassword) {
			t.Errorf("with another password: %v", err)
		}
		open, err := Public(public)
		if err != nil || !open.Equal(&key.PublicKey) {
			t.Errorf("the public key: %v", err)
		}
	}
}

// The pairs were made by cosign 3.1.3 for these tests and nothing else.
func TestCosignsKeys(t *testing.T) {
	t.Parallel()
	public, err := ReadPublic(filepath.Join("testdata", "cosign.pub"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("testdata", "cosign.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"today's form": string(data), "older form": strings.ReplaceAll(string(data), "SIGSTORE", "COSIGN"),
	} {
		key, err := Private([]byte(text), password("test of nginx-scratch"))
		if err != nil || !key.PublicKey.Equal(public) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutEncryption(t *testing.T) {
	t.Parallel()
	key := generate(t)
	pkcs8, err8 := x509.MarshalPKCS8PrivateKey(key)
	sec1, err1 := x509.MarshalECPrivateKey(key)
	for name, data := range map[string][]byte{
		"PKCS #8": block("PRIVATE KEY", pkcs8, err8), "SEC 1": block("EC PRIVATE KEY", sec1, err1),
	} {
		got, err := Private(data, unasked(t))
		if err != nil || !got.Equal(key) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPrivateRefuses(t *testing.T) {
	t.Parallel()
	key := generate(t)
	private, public, err := Encode(key, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wide8, errWide8 := x509.MarshalPKCS8PrivateKey(wide)
	wide1, errWide1 := x509.MarshalECPrivateKey(wide)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsa8, errRSA := x509.MarshalPKCS8PrivateKey(rsaKey)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed8, errEd := x509.MarshalPKCS8PrivateKey(edKey)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":           {nil, "it is not a key: there is no PEM block"},
		"text":              {[]byte("secret"), "it is not a key: there is no PEM block"},
		"two keys":          {append(private, private...), "there is something after the ENCRYPTED SIGSTORE PRIVATE KEY"},
		"public key":        {public, "it is a public key"},
		"certificate":       {block("CERTIFICATE", []byte("x"), nil), `it is a "CERTIFICATE"`},
		"OpenSSH":           {block("OPENSSH PRIVATE KEY", []byte("x"), nil), `it is a "OPENSSH PRIVATE KEY"`},
		"damaged":           {block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte("{"), nil), "the encrypted key is damaged"},
		"costly scrypt":     {block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte(`{"kdf":{"name":"scrypt","params":{"N":1073741824,"r":8,"p":1},"salt":""},"cipher":{"name":"nacl/secretbox","nonce":""},"ciphertext":""}`), nil), "unsupported scrypt parameters"},
		"short nonce":       {block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte(`{"kdf":{"name":"scrypt","params":{"N":32768,"r":8,"p":1},"salt":""},"cipher":{"name":"nacl/secretbox","nonce":""},"ciphertext":""}`), nil), "incorrect nonce size"},
		"P-384 in PKCS #8":  {block("PRIVATE KEY", wide8, errWide8), "the key is on the curve P-384"},
		"P-384 in SEC 1":    {block("EC PRIVATE KEY", wide1, errWide1), "the key is on the curve P-384"},
		"RSA":               {block("PRIVATE KEY", rsa8, errRSA), "the key is for RSA"},
		"Ed25519":           {block("PRIVATE KEY", ed8, errEd), "the key is for Ed25519"},
		"PKCS #8 of junk":   {block("PRIVATE KEY", []byte("junk"), nil), "reading the private key"},
		"SEC 1 of junk":     {block("EC PRIVATE KEY", []byte("junk"), nil), "reading the EC PRIVATE KEY"},
		"of a hostile size": {make([]byte, limit+1), "too many for a key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Private(c.data, password("secret"))
			refused(t, err, c.want)
		})
	}
	nobody := errors.New("nobody is there")
	if _, err := Private(private, func() ([]byte, error) { return nil, nobody }); !errors.Is(err, nobody) {
		t.Errorf("without a password: %v", err)
	}
	if _, _, err := Encode(wide, nil); err == nil {
		t.Error("a key on P-384 was written")
	}
}

func TestPublicRefuses(t *testing.T) {
	t.Parallel()
	private, _, err := Encode(generate(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wideDER, errWide := x509.MarshalPKIXPublicKey(&wide.PublicKey)
	edKey, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edDER, errEd := x509.MarshalPKIXPublicKey(edKey)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":     {nil, "it is not a key"},
		"private key": {private, "nobody should have this one"},
		"certificate": {block("CERTIFICATE", []byte("x"), nil), "it must be a PUBLIC KEY"},
		"junk":        {block("PUBLIC KEY", []byte("x"), nil), "reading the PUBLIC KEY"},
		"P-521":       {block("PUBLIC KEY", wideDER, errWide), "the key is on the curve P-521"},
		"Ed25519":     {block("PUBLIC KEY", edDER, errEd), "the key is for Ed25519"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Public(c.data)
			refused(t, err, c.want)
		})
	}
}

func FuzzPrivate(f *testing.F) {
	sec1, err := x509.MarshalECPrivateKey(generate(f))
	f.Add(block("EC PRIVATE KEY", sec1, err))
	f.Add(block("ENCRYPTED COSIGN PRIVATE KEY", []byte(`{"kdf":{"name":"scrypt"}}`), nil))
	f.Add(block("PUBLIC KEY", []byte("x"), nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := Private(data, password(""))
		if err == nil && key.Curve != elliptic.P256() {
			t.Fatal(key.Params().Name)
		}
		open, err := Public(data)
		if err == nil && open.Curve != elliptic.P256() {
			t.Fatal(open.Params().Name)
		}
	})
}
