package pipeline

import (
	"crypto/ecdsa"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/keys"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// describes makes the image of a house anew, with a bill of materials in it, and writes
// beside it what a build writes.
func (h house) describes(t *testing.T) {
	t.Helper()
	files, spdx := tree.New(), []byte(`{"spdxVersion":"SPDX-2.3"}`)
	if err := files.Add(tree.File{Path: sbomPath("static"), Mode: 0o644, Data: spdx, Origin: described}); err != nil {
		t.Fatal(err)
	}
	b := h.write(t, files, release.Document{Kind: release.SPDX, Platform: hostPlatform(), Data: spdx},
		release.Document{Kind: release.OpenVEX, Platform: hostPlatform(), Data: []byte(`{"@id":"vex"}`)})
	digest, err := b.rel.Index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	statement, err := attest.Statement{
		Subject: digest, Document: attest.Document{PredicateType: attest.Provenance, Predicate: []byte(`{"buildDefinition":{}}`)},
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dist(), provenanceFile), statement, 0o600); err != nil {
		t.Fatal(err)
	}
}

// signer makes a key, and gives a house whose environment has the password of its file.
func (h house) signer(t *testing.T) (with house, key *ecdsa.PrivateKey, file string) {
	t.Helper()
	key, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	prefix := filepath.Join(t.TempDir(), "test")
	if err := keys.Write(prefix, key, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{passwordVariable: "secret"}
	for _, name := range []string{cacheVariable, sourceVariable, debianVariable} {
		values[name] = h.Env.Getenv(name)
	}
	h.Env = environment(values)
	return h, key, prefix + keys.PrivateSuffix
}

// bundles are the signed statements about a digest.
func bundles(t *testing.T, subject name.Digest) [][]byte {
	t.Helper()
	index, err := remote.Referrers(subject)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, entry := range manifest.Manifests {
		img, err := remote.Image(subject.Digest(entry.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		if m, err := img.Manifest(); err != nil || len(m.Layers) != 1 || m.Layers[0].MediaType != attest.BundleType {
			continue // the inputs
		}
		bundle, err := attest.Bundle(img)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bundle)
	}
	return all
}

// With a key, what a build says of the image is published with it and signed, about the
// index and about each image of it; a second time adds nothing.
func TestPublishSigns(t *testing.T) {
	t.Parallel()
	for _, api := range []bool{true, false} {
		h, repository := newHouse(t), serve(t, api)
		h.describes(t)
		h, key, file := h.signer(t)
		for range 2 {
			got, err := Publish(t.Context(), h.Options, Publication{Reference: repository, Key: file})
			if err != nil {
				t.Fatal(err)
			}
			digest, err := name.NewDigest(got)
			if err != nil {
				t.Fatal(err)
			}
			index, err := remote.Index(digest)
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := index.IndexManifest()
			if err != nil {
				t.Fatal(err)
			}
			for _, subject := range []string{digest.DigestStr(), manifest.Manifests[0].Digest.String()} {
				hash, err := v1.NewHash(subject)
				if err != nil {
					t.Fatal(err)
				}
				valid, refused := attest.VerifyAll(bundles(t, digest.Digest(subject)), &key.PublicKey, hash)
				if len(refused) > 0 {
					t.Errorf("of %s: %v", subject, refused)
				}
				types := map[string]int{}
				for _, s := range valid {
					types[s.PredicateType]++
				}
				want := map[string]int{attest.Signature: 1, attest.Provenance: 1, attest.SPDX: 1, attest.OpenVEX: 1}
				if diff := cmp.Diff(want, types); diff != "" {
					t.Errorf("of %s: %s", subject, diff)
				}
			}
		}
	}
}

// What is not about the image that is published is not signed.
func TestPublishRefusesToSign(t *testing.T) {
	t.Parallel()
	for file, tt := range map[string]struct{ text, want string }{
		"static-linux-amd64.spdx.json": {`{"other":1}`, "the documents for linux/amd64 in "},
		provenanceFile:                 {`{}`, "build the image again"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			h, repository := newHouse(t), serve(t, true)
			h.describes(t)
			file := strings.ReplaceAll(file, "linux-amd64", strings.ReplaceAll(hostPlatform(), "/", "-"))
			if err := os.WriteFile(filepath.Join(h.Repository, "dist", "static", file), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			h, _, signer := h.signer(t)
			_, err := Publish(t.Context(), h.Options, Publication{Reference: repository, Key: signer})
			if want := strings.ReplaceAll(tt.want, "linux/amd64", hostPlatform()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
			repo, err := name.NewRepository(repository)
			if err != nil {
				t.Fatal(err)
			}
			if list, err := remote.List(repo); err == nil && len(list) > 0 {
				t.Errorf("tags %q although nothing was to be published", list)
			}
		})
	}
}
