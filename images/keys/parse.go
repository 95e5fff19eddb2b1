package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// limit is how many bytes a key may have. Those of cosign's have less than one.
const limit = 64 << 10

// single returns the one PEM block of data.
func single(data []byte) (*pem.Block, error) {
	if len(data) > limit {
		return nil, fmt.Errorf("it has %d bytes, too many for a key", len(data))
	}
	block, rest := pem.Decode(data)
	if block == nil {
		return nil, errors.New("it is not a key: there is no PEM block (-----BEGIN ...)")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("there is something after the %s: there must be one key", block.Type)
	}
	return block, nil
}

// decrypt opens a key in cosign's form.
func decrypt(box, password []byte) (*ecdsa.PrivateKey, error) {
	if !json.Valid(box) {
		return nil, errors.New("the encrypted key is damaged: what is in its PEM block is no JSON")
	}
	der, err := encrypted.Decrypt(box, password)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrPassword, err)
	}
	return pkcs8(der)
}

func pkcs8(der []byte) (*ecdsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading the private key: %w", err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, wrongKind(parsed)
	}
	return key, onCurve(&key.PublicKey)
}

func wrongKind(key any) error {
	name := fmt.Sprintf("of type %T", key)
	switch key.(type) {
	case *rsa.PrivateKey, *rsa.PublicKey:
		name = "for RSA"
	case ed25519.PrivateKey, ed25519.PublicKey:
		name = "for Ed25519"
	}
	return fmt.Errorf("the key is %s: it must be for ECDSA on the curve P-256, as cosign makes them", name)
}

func onCurve(key *ecdsa.PublicKey) error {
	if key.Curve != elliptic.P256() {
		return fmt.Errorf("the key is on the curve %s: it must be on P-256, as cosign makes them", key.Curve.Params().Name)
	}
	return nil
}
