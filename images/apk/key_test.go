package apk_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

// publicPEM is the PEM file of any public key.
func publicPEM(kind string, public any) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: must(x509.MarshalPKIXPublicKey(public))})
}

// modulus is a public key of so many bits that nobody has the private key of.
func modulus(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	data := ours().PublicPEM()
	sum := sha256.Sum256(data)
	key, err := apk.ParseKey(ourKey, data)
	if err != nil || key.Name != ourKey || key.Fingerprint != hex.EncodeToString(sum[:]) {
		t.Errorf("parsed %+v, %v", key, err)
	}
	curve := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).Public()
	for name, tc := range map[string]struct {
		name, want string
		data       []byte
	}{
		"empty":              {ourKey, "PEM block", nil},
		"no PEM":             {ourKey, "PEM block", []byte("ssh-rsa AAAA")},
		"truncated":          {ourKey, "PEM block", data[:len(data)-10]},
		"text before":        {ourKey, "PEM block", slices.Concat([]byte("hello\n"), data)},
		"text after":         {ourKey, "follows", slices.Concat(data, []byte("hello\n"))},
		"two keys":           {ourKey, "follows", slices.Concat(data, data)},
		"other type":         {ourKey, "PUBLIC KEY", publicPEM("RSA PUBLIC KEY", ours().Private.Public())},
		"not DER":            {ourKey, ourKey, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})},
		"elliptic curve":     {ourKey, "only RSA keys", publicPEM("PUBLIC KEY", curve)},
		"1024 bits":          {ourKey, "1024 bits", publicPEM("PUBLIC KEY", modulus(1024))},
		"2047 bits":          {ourKey, "2047 bits", publicPEM("PUBLIC KEY", modulus(2047))},
		"far too many bits":  {ourKey, "32768 bits", publicPEM("PUBLIC KEY", modulus(32768))},
		"name with a folder": {"../" + ourKey, "file name", data},
		"name with a dot":    {".rsa.pub", "file name", data},
		"no name":            {"", "file name", data},
		"name with a break":  {"a\nb.rsa.pub", "file name", data},
		"overlong name":      {strings.Repeat("a", 300), "file name", data},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := apk.ParseKey(tc.name, tc.data)
			refused(t, err, tc.want)
		})
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	data := ours().PublicPEM()
	pins := map[string]string{
		ourKey:   must(apk.ParseKey(ourKey, data)).Fingerprint,
		otherKey: must(apk.ParseKey(otherKey, others().PublicPEM())).Fingerprint,
	}
	if key, err := apk.Trust(pins, ourKey, data); err != nil || key.Name != ourKey {
		t.Errorf("the pinned key: %+v, %v", key, err)
	}
	_, err := apk.Trust(pins, "stranger.rsa.pub", data)
	refused(t, err, `"stranger.rsa.pub" is not trusted`, ourKey, otherKey)
	_, err = apk.Trust(nil, ourKey, data)
	refused(t, err, "is not trusted", "[]")
	_, err = apk.Trust(pins, ourKey, others().PublicPEM())
	refused(t, err, ourKey, pins[otherKey], pins[ourKey]+" is pinned")
	_, err = apk.Trust(pins, ourKey, bytes.TrimSpace(data)) // the same key, another file
	refused(t, err, "is pinned")
	_, err = apk.Trust(map[string]string{ourKey: strings.ToUpper(pins[ourKey])}, ourKey, data)
	refused(t, err, "is pinned")
	_, err = apk.Trust(map[string]string{ourKey: ""}, ourKey, data)
	refused(t, err, "is pinned")
}
