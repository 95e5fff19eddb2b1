// Package keyless says how cosign is run to sign with an identity, such as that
// of a workflow, instead of a key. It is a pure function: it runs nothing.
package keyless

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Program is the name of cosign, of which it has to be version 3 or later: older
// ones do not sign in the format of this project's own signatures.
const Program = "cosign"

// Sign is the command that signs what is published as ref, which has to name a
// digest: what a tag leads to can be something else a moment later.
func Sign(ref string) ([]string, error) {
	if err := check(ref); err != nil {
		return nil, err
	}
	return []string{Program, "sign", "--yes", ref}, nil
}

// Attest is the command that signs a predicate, which is in a file, about what is
// published as ref.
func Attest(ref, predicateType, file string) ([]string, error) {
	if err := check(ref); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(predicateType, "https://") {
		return nil, fmt.Errorf("the type of predicate %q is not an address", predicateType)
	}
	if file == "" || file == "-" {
		return nil, errors.New("the predicate is in no file")
	}
	return []string{Program, "attest", "--yes", "--type", predicateType, "--predicate", file, ref}, nil
}

func check(ref string) error {
	if _, err := name.NewDigest(ref); err != nil || strings.HasPrefix(ref, "-") {
		return fmt.Errorf("%q cannot be signed: it must be a reference with a digest, REGISTRY/NAME@sha256:DIGEST", ref)
	}
	return nil
}
