package attest

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"
)

// Why a bundle is refused, for whoever has to tell one from the other.
var (
	ErrKey       = errors.New("it was not signed with this key, or was changed since")
	ErrSubject   = errors.New("it is about another image")
	ErrPredicate = errors.New("it says something else")
)

// Verify returns what a bundle says, if key has signed it, it is about the image
// with the digest subject, and of the type predicateType. Nothing that it says
// is looked at before the signature is.
func Verify(bundle []byte, key *ecdsa.PublicKey, subject v1.Hash, predicateType string) (Statement, error) {
	s, err := open(bundle, key, subject)
	if err != nil {
		return Statement{}, err
	}
	if s.PredicateType != predicateType {
		return Statement{}, fmt.Errorf("%w: %s, not %s", ErrPredicate, s.PredicateType, predicateType)
	}
	return s, nil
}

// VerifyAll returns what those bundles say that key has signed and that are about
// the image with the digest subject, in their order, and for each of the others
// why it is refused. One that is refused takes nothing from the rest: anybody who
// can write to a registry can add one.
func VerifyAll(bundles [][]byte, key *ecdsa.PublicKey, subject v1.Hash) (valid []Statement, refused []error) {
	for i, bundle := range bundles {
		s, err := open(bundle, key, subject)
		if err != nil {
			refused = append(refused, fmt.Errorf("bundle %d of %d: %w", i+1, len(bundles), err))
			continue
		}
		valid = append(valid, s)
	}
	return valid, refused
}

// Unverified returns what a bundle says, whoever says it: only for showing it.
func Unverified(bundle []byte) (Statement, error) {
	envelope, err := parseBundle(bundle)
	if err != nil {
		return Statement{}, err
	}
	return ParseStatement(envelope.GetPayload())
}

func open(bundle []byte, key *ecdsa.PublicKey, subject v1.Hash) (Statement, error) {
	envelope, err := parseBundle(bundle)
	if err != nil {
		return Statement{}, err
	}
	if _, err := Hint(key); err != nil {
		return Statement{}, err
	}
	sum := sha256.Sum256(dsse.PAE(envelope.GetPayloadType(), envelope.GetPayload()))
	if !ecdsa.VerifyASN1(key, sum[:], envelope.GetSignatures()[0].GetSig()) {
		return Statement{}, ErrKey
	}
	s, err := ParseStatement(envelope.GetPayload())
	if err != nil {
		return Statement{}, err
	}
	if s.Subject != subject {
		return Statement{}, fmt.Errorf("%w: %s, not %s", ErrSubject, s.Subject, subject)
	}
	return s, nil
}

// parseBundle returns the envelope of a bundle that was signed with a key, if it
// is of the one kind that there is here.
func parseBundle(data []byte) (*dssepb.Envelope, error) {
	if len(data) > limit {
		return nil, fmt.Errorf("a bundle of %d bytes: it must not have more than %d", len(data), limit)
	}
	var bundle bundlepb.Bundle
	if err := protojson.Unmarshal(data, &bundle); err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", decoding(err))
	}
	envelope := bundle.GetDsseEnvelope()
	switch material := bundle.GetVerificationMaterial(); {
	case bundle.GetMediaType() != BundleType:
		return nil, fmt.Errorf("reading a bundle: its media type is %q: it must be %s", bundle.GetMediaType(), BundleType)
	case material.GetCertificate() != nil, material.GetX509CertificateChain() != nil:
		return nil, errors.New("it was signed with a certificate, not with a key: `cosign verify --certificate-identity` judges those")
	case material.GetPublicKey() == nil:
		return nil, errors.New("reading a bundle: it does not name a key")
	case envelope == nil:
		return nil, errors.New("reading a bundle: it has no DSSE envelope")
	case envelope.GetPayloadType() != payloadType:
		return nil, fmt.Errorf("reading a bundle: its payload is of type %q: it must be %s", envelope.GetPayloadType(), payloadType)
	case len(envelope.GetSignatures()) != 1:
		return nil, fmt.Errorf("reading a bundle: it has %d signatures: there must be one", len(envelope.GetSignatures()))
	}
	return envelope, nil
}
