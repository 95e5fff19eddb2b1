package cosign

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// documents are one of each kind that cosign has a name for and the project signs.
var documents = map[string]document{
	"slsaprovenance1": {"https://slsa.dev/provenance/v1", read(project, "images", "attest", "testdata", "provenance.golden")},
	"spdxjson":        {"https://spdx.dev/Document", read("testdata", "spdx.json")},
	"cyclonedx":       {"https://cyclonedx.org/bom", read("testdata", "cyclonedx.json")},
	"openvex":         {"https://openvex.dev/ns", read("testdata", "openvex.json")},
}

var signature = document{"https://sigstore.dev/cosign/sign/v1", json.RawMessage("{}")}

func read(path ...string) json.RawMessage {
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		panic(err)
	}
	return data
}

// verify is what README tells people to run.
func verify(t *testing.T, key pair, ref string) error {
	t.Helper()
	_, err := run(t, nil, "cosign", "verify", "--key", key.public, "--insecure-ignore-tlog=true", ref)
	return err
}

// verifyAttestation is that too, and returns the predicate that cosign prints.
func verifyAttestation(t *testing.T, key pair, kind, ref string) (json.RawMessage, error) {
	t.Helper()
	out, err := run(t, nil, "cosign", "verify-attestation", "--key", key.public, "--insecure-ignore-tlog=true", "--type", kind, ref)
	if err != nil {
		return nil, err
	}
	var envelope struct {
		Payload []byte `json:"payload"`
	}
	if err := json.Unmarshal([]byte(out), &envelope); err != nil {
		t.Fatalf("cosign printed %q: %v", out, err)
	}
	var statement struct {
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(envelope.Payload, &statement); err != nil {
		t.Fatal(err)
	}
	return statement.Predicate, nil
}

func TestCosignVerifies(t *testing.T) {
	t.Parallel()
	for place, referrers := range registries {
		for origin, pairOf := range map[string]func(*testing.T) pair{"our key": ours, "cosign's key": theirs} {
			t.Run(place+", "+origin, func(t *testing.T) {
				t.Parallel()
				key, repository := pairOf(t), newRepository(t, referrers)
				ref, subject := image(t, repository)
				all := []document{signature}
				for _, d := range documents {
					all = append(all, d)
				}
				push(t, repository, sign(t, key, subject, all...)...)
				if err := verify(t, key, ref); err != nil {
					t.Error(err)
				}
				for kind, d := range documents {
					got, err := verifyAttestation(t, key, kind, ref)
					if err != nil || string(got) != compact(t, d.Predicate) {
						t.Errorf("%s: %v\n%s", kind, err, got)
					}
				}
			})
		}
	}
}

// Each change must be refused, and the same without it must not: else it was
// refused for another reason.
func TestCosignRefuses(t *testing.T) {
	t.Parallel()
	const kind = "slsaprovenance1"
	for name, change := range changes {
		want := "failed to verify signature"
		if name == "nothing" {
			want = ""
		}
		for place, referrers := range registries {
			t.Run(name+", "+place, func(t *testing.T) {
				t.Parallel()
				key, repository := theirs(t), newRepository(t, referrers)
				ref, subject := image(t, repository)
				for _, image := range sign(t, key, subject, signature, documents[kind]) {
					r := open(t, image)
					edit(t, r, change)
					pushChanged(t, repository, r)
				}
				expect(t, verify(t, key, ref), want)
				_, err := verifyAttestation(t, key, kind, ref)
				expect(t, err, want)
			})
		}
	}
}

// What was said of one image must not pass for another.
func TestCosignRefusesSwaps(t *testing.T) {
	t.Parallel()
	const (
		kind     = "spdxjson"
		mismatch = "provided artifact digest does not match any digest in statement"
	)
	for place, referrers := range registries {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			key, other, repository := ours(t), theirs(t), newRepository(t, referrers)
			ref, subject := image(t, repository)
			signed := sign(t, key, subject, signature, documents[kind])
			push(t, repository, signed...)
			changed, _ := image(t, repository)              // with nothing attached
			swapped, swappedSubject := image(t, repository) // with what was said of the first
			for _, image := range signed {
				r := open(t, image)
				r.manifest.Subject = &swappedSubject
				pushChanged(t, repository, r)
			}
			for name, c := range map[string]struct {
				key                pair
				ref                string
				image, attestation string // what is wrong with it; nothing where cosign verifies
			}{
				"nothing":         {key, ref, "", ""},
				"another key":     {other, ref, "failed to verify signature", "failed to verify signature"},
				"another image":   {key, changed, "no signatures found", "no matching attestations"},
				"another subject": {key, swapped, mismatch, mismatch},
			} {
				t.Run(name, func(t *testing.T) {
					expect(t, verify(t, c.key, c.ref), c.image)
					_, err := verifyAttestation(t, c.key, kind, c.ref)
					expect(t, err, c.attestation)
				})
			}
			if _, err := verifyAttestation(t, key, "openvex", ref); err == nil {
				t.Error("an SBOM passed for a VEX document")
			}
		})
	}
}

// expect wants an error that says something, or none for the empty string.
func expect(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func compact(t *testing.T, data json.RawMessage) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
