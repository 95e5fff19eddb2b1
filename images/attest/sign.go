package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	// BundleType is the media type of a bundle, and the type of its artifact.
	BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

	payloadType = "application/vnd.in-toto+json"
)

// Sign returns the statement in a bundle that key has signed. The same statement
// and key give the same bundle: nonces are those of RFC 6979, and there is no
// time in it, so that signing again adds nothing to what was published.
func Sign(s Statement, key *ecdsa.PrivateKey) ([]byte, error) {
	payload, err := s.Encode()
	if err != nil {
		return nil, err
	}
	hint, err := Hint(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(dsse.PAE(payloadType, payload))
	signature, err := key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	loose, err := protojson.Marshal(&bundlepb.Bundle{
		MediaType: BundleType,
		VerificationMaterial: &bundlepb.VerificationMaterial{Content: &bundlepb.VerificationMaterial_PublicKey{
			PublicKey: &commonpb.PublicKeyIdentifier{Hint: hint},
		}},
		Content: &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: &dssepb.Envelope{
			Payload: payload, PayloadType: payloadType, Signatures: []*dssepb.Signature{{Sig: signature}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding a bundle: %w", err)
	}
	var bundle bytes.Buffer // without the spaces that protojson has one time, and not the other
	if err := json.Compact(&bundle, loose); err != nil {
		return nil, fmt.Errorf("encoding a bundle: %w", err)
	}
	if bundle.Len() > limit {
		return nil, fmt.Errorf("the bundle has %d bytes: it must not have more than %d", bundle.Len(), limit)
	}
	return bundle.Bytes(), nil
}

// Hint is what a bundle calls a key by: the sha256 of its PKIX form, in base64.
func Hint(key *ecdsa.PublicKey) (string, error) {
	if key.Curve != elliptic.P256() {
		return "", errors.New("the key is not on the curve P-256")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("encoding the public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}
