// Package attest says things about an image that others can check: statements,
// signed, as artifacts that refer to the image.
//
// All of it is in the formats of others, so that their tools can verify it: an
// in-toto statement in a DSSE envelope, signed with ECDSA over P-256 and SHA-256,
// in a Sigstore bundle of version 0.3, in an OCI 1.1 artifact whose subject is the
// image. cosign writes and reads the same.
package attest

import "encoding/json"

// The types of predicates, by the names that cosign has for them.
const (
	Signature  = "https://sigstore.dev/cosign/sign/v1" // of `cosign verify`; its predicate is empty
	Provenance = "https://slsa.dev/provenance/v1"      // --type slsaprovenance1
	SPDX       = "https://spdx.dev/Document"           // --type spdxjson
	CycloneDX  = "https://cyclonedx.org/bom"           // --type cyclonedx
	OpenVEX    = "https://openvex.dev/ns"              // --type openvex
)

// A Document is what is said of an image.
type Document struct {
	PredicateType string          // an address that names the kind, such as SPDX
	Predicate     json.RawMessage // a JSON object of that kind
}

// Signed is the document that says no more than that somebody signed the image.
func Signed() Document { return Document{PredicateType: Signature, Predicate: json.RawMessage("{}")} }

// limit is how many bytes a bundle may have. An SBOM of this project's has less
// than one of these 16 MiB.
const limit = 16 << 20
