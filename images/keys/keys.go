// Package keys reads, makes and writes the keys that images are signed with:
// pairs for ECDSA over P-256, in the files that cosign has for them.
package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// The types of PEM blocks. The first is what cosign has written since its
// version 2, the second what it wrote before.
const (
	encryptedType    = "ENCRYPTED SIGSTORE PRIVATE KEY"
	oldEncryptedType = "ENCRYPTED COSIGN PRIVATE KEY"
	pkcs8Type        = "PRIVATE KEY"
	sec1Type         = "EC PRIVATE KEY"
	publicType       = "PUBLIC KEY"
)

// ErrPassword is wrapped by the error of a key that its password does not open.
var ErrPassword = errors.New("the password is wrong, or the key is damaged")

// Private reads a private key in PEM: cosign's encrypted form, or PKCS #8 or SEC 1
// without encryption. Only the first asks for a password.
func Private(data []byte, password func() ([]byte, error)) (*ecdsa.PrivateKey, error) {
	block, err := single(data)
	if err != nil {
		return nil, err
	}
	switch block.Type {
	case encryptedType, oldEncryptedType:
		secret, err := password()
		if err != nil {
			return nil, err
		}
		return decrypt(block.Bytes, secret)
	case pkcs8Type:
		return pkcs8(block.Bytes)
	case sec1Type:
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the %s: %w", block.Type, err)
		}
		return key, onCurve(&key.PublicKey)
	case publicType:
		return nil, errors.New("it is a public key: to sign, the private one is needed")
	}
	return nil, fmt.Errorf("it is a %q: it must be a private key of cosign's (`mage keygen` makes one), or one for ECDSA in PKCS #8", block.Type)
}

// Public reads a public key in PEM.
func Public(data []byte) (*ecdsa.PublicKey, error) {
	block, err := single(data)
	if err != nil {
		return nil, err
	}
	switch block.Type {
	case publicType:
	case encryptedType, oldEncryptedType, pkcs8Type, sec1Type:
		return nil, errors.New("it is a private key: the public one is needed here, and nobody should have this one")
	default:
		return nil, fmt.Errorf("it is a %q: it must be a %s", block.Type, publicType)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the %s: %w", block.Type, err)
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, wrongKind(parsed)
	}
	return key, onCurve(key)
}

// Generate makes a private key.
func Generate() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return key, nil
}

// Encode returns a key as PEM: the private one encrypted with password, which
// may be empty, and the public one.
func Encode(key *ecdsa.PrivateKey, password []byte) (private, public []byte, err error) {
	if err := onCurve(&key.PublicKey); err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the private key: %w", err)
	}
	box, err := encrypted.Encrypt(der, password)
	if err != nil {
		return nil, nil, fmt.Errorf("encrypting the private key: %w", err)
	}
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: encryptedType, Bytes: box}),
		pem.EncodeToMemory(&pem.Block{Type: publicType, Bytes: open}), nil
}
