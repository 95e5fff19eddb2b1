package attest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// A Statement is a document about one image.
type Statement struct {
	Subject v1.Hash // digest of the image's manifest or index, sha256

	Document
}

// statement is the form of an in-toto statement, in the order of its
// specification. The predicate stays as it is: through the types of protobuf,
// numbers would lose digits.
type statement struct {
	Type          string          `json:"_type"`
	Subject       []subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

type subject struct {
	Digest map[string]string `json:"digest"`
}

// Encode returns the statement as JSON, on one line. The same statement gives
// the same bytes.
func (s Statement) Encode() ([]byte, error) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	err := e.Encode(statement{
		Type: intoto.StatementTypeUri, Subject: []subject{{map[string]string{s.Subject.Algorithm: s.Subject.Hex}}},
		PredicateType: s.PredicateType, Predicate: s.Predicate,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding a statement: %w", err)
	}
	data := bytes.TrimSuffix(line.Bytes(), []byte("\n"))
	if _, err := ParseStatement(data); err != nil { // what is wrong shows here, and not where it is verified
		return nil, fmt.Errorf("making a statement: %w", err)
	}
	return data, nil
}

// ParseStatement reads an in-toto statement. It must be about one image, which
// is named by its sha256 alone, and have no field that is unknown or repeated.
func ParseStatement(data []byte) (Statement, error) {
	if len(data) > limit {
		return Statement{}, fmt.Errorf("a statement of %d bytes: it must not have more than %d", len(data), limit)
	}
	var parsed intoto.Statement
	if err := protojson.Unmarshal(data, &parsed); err != nil {
		return Statement{}, fmt.Errorf("reading a statement: %w", decoding(err))
	}
	if err := parsed.Validate(); err != nil {
		return Statement{}, fmt.Errorf("reading a statement: %w", err)
	}
	digest, err := onlySubject(parsed.GetSubject())
	if err != nil {
		return Statement{}, fmt.Errorf("reading a statement: %w", err)
	}
	var raw struct {
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return Statement{}, fmt.Errorf("reading a statement: %w", err)
	}
	return Statement{Subject: digest, Document: Document{PredicateType: parsed.GetPredicateType(), Predicate: raw.Predicate}}, nil
}

// onlySubject is the digest of the one subject there must be. A statement about
// several could be true for one and be shown for another.
func onlySubject(subjects []*intoto.ResourceDescriptor) (v1.Hash, error) {
	if len(subjects) != 1 {
		return v1.Hash{}, fmt.Errorf("it has %d subjects: there must be one", len(subjects))
	}
	digests := subjects[0].GetDigest()
	hexadecimal, ok := digests["sha256"]
	if !ok || len(digests) != 1 {
		return v1.Hash{}, errors.New("its subject must have one digest, a sha256")
	}
	if sum, err := hex.DecodeString(hexadecimal); err != nil || len(sum) != 32 || strings.ToLower(hexadecimal) != hexadecimal {
		return v1.Hash{}, fmt.Errorf("the sha256 %q of its subject is not 64 lower-case hexadecimal digits", hexadecimal)
	}
	return v1.Hash{Algorithm: "sha256", Hex: hexadecimal}, nil
}

// decoding is an error of protojson with the spaces that it has. It mixes in
// others, one time or the other, so that nobody compares its texts.
func decoding(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\u00a0", " "))
}
