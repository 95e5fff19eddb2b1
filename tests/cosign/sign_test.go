package cosign

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// commands are those by which the project has cosign sign.
func commands(t *testing.T, ref, predicateType, file string) (all [][]string) {
	t.Helper()
	out, err := run(t, nil, "signer", "keyless", ref, predicateType, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 2 {
		t.Fatalf("the project runs %q, %v", out, err)
	}
	return all
}

// What cosign signs with a key of `mage keygen`, the project verifies.
func TestOursVerifiesCosign(t *testing.T) {
	t.Parallel()
	for place, referrers := range registries {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			key, repository := ours(t), newRepository(t, referrers)
			ref, subject := image(t, repository)
			_, another := image(t, repository)
			predicate, err := filepath.Abs(filepath.Join("testdata", "openvex.json"))
			if err != nil {
				t.Fatal(err)
			}
			for _, args := range commands(t, ref, documents["openvex"].PredicateType, predicate) {
				// As without a key, but for what stands for an identity and a log.
				args = slices.Insert(args, 2, "--key", key.private, "--use-signing-config=false", "--tlog-upload=false")
				if _, err := run(t, nil, args[0], args[1:]...); err != nil {
					t.Fatal(err)
				}
			}
			found := bundles(t, ref)
			if len(found) != 2 {
				t.Fatalf("cosign has left %d bundles", len(found))
			}
			for _, want := range []string{signature.PredicateType, documents["openvex"].PredicateType} {
				verified := 0
				for _, bundle := range found {
					_, err := run(t, bytes.NewReader(bundle), "signer", "verify", key.public, subject.Digest.String(), want)
					switch {
					case err == nil:
						verified++
					case !strings.Contains(err.Error(), "it says something else"):
						t.Error(err)
					}
					_, err = run(t, bytes.NewReader(bundle), "signer", "verify", key.public, another.Digest.String(), want)
					expect(t, err, "it is about another image")
					_, err = run(t, bytes.NewReader(bundle), "signer", "verify", theirs(t).public, subject.Digest.String(), want)
					expect(t, err, "it was not signed with this key")
				}
				if verified != 1 {
					t.Errorf("%d bundles are a valid %s", verified, want)
				}
			}
		})
	}
}
