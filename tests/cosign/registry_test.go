package cosign

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// registries are those that know the referrers API, and those that need the tag.
var registries = map[string]bool{"referrers API": true, "fallback tag": false}

// newRepository is one in a registry of its own.
func newRepository(t *testing.T, referrers bool) name.Repository {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/nginx-scratch")
	if err != nil {
		t.Fatal(err)
	}
	return repository
}

// image pushes an index that nobody has seen before.
func image(t *testing.T, to name.Repository) (ref string, subject v1.Descriptor) {
	t.Helper()
	index, err := random.Index(64, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	descriptor, err := partial.Descriptor(index)
	if err != nil {
		t.Fatal(err)
	}
	digest := to.Digest(descriptor.Digest.String())
	if err := remote.WriteIndex(digest, index); err != nil {
		t.Fatal(err)
	}
	return digest.String(), *descriptor
}

// A document is what is signed.
type document struct {
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// sign has the project sign documents about subject.
func sign(t *testing.T, with pair, subject v1.Descriptor, documents ...document) []v1.Image {
	t.Helper()
	var request bytes.Buffer
	e := json.NewEncoder(&request)
	e.SetEscapeHTML(false) // what is signed is to be the file, byte for byte
	if err := e.Encode(map[string]any{"subject": subject, "documents": documents}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "layout")
	if _, err := run(t, &request, "signer", "sign", with.private, dir); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var all []v1.Image
	for _, entry := range entries.Manifests {
		image, err := index.Image(entry.Digest)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, image)
	}
	if len(all) != len(documents) {
		t.Fatalf("there are %d referrers of %d documents", len(all), len(documents))
	}
	return all
}

// push pushes referrers as they are.
func push(t *testing.T, to name.Repository, referrers ...v1.Image) {
	t.Helper()
	for _, image := range referrers {
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(to.Digest(digest.String()), image); err != nil {
			t.Fatal(err)
		}
	}
}

// A referrer is one to be changed.
type referrer struct {
	manifest v1.Manifest
	bundle   []byte
}

// open takes a referrer apart.
func open(t *testing.T, image v1.Image) *referrer {
	t.Helper()
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	content, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	bundle, err := io.ReadAll(content)
	if err != nil || len(layers) != 1 {
		t.Fatal(err, len(layers))
	}
	return &referrer{*manifest, bundle}
}

// RawManifest and MediaType are what remote.Put pushes.
func (r *referrer) RawManifest() ([]byte, error) { return json.Marshal(r.manifest) }

func (r *referrer) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// pushChanged pushes a referrer as somebody would who has changed it: with the
// digests that it has now.
func pushChanged(t *testing.T, to name.Repository, r *referrer) {
	t.Helper()
	layer := static.NewLayer(r.bundle, r.manifest.Layers[0].MediaType)
	descriptor, err := partial.Descriptor(layer)
	if err != nil {
		t.Fatal(err)
	}
	r.manifest.Layers = []v1.Descriptor{*descriptor}
	for _, blob := range []v1.Layer{layer, static.NewLayer([]byte("{}"), r.manifest.Config.MediaType)} {
		if err := remote.WriteLayer(to, blob); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := r.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Put(to.Digest(digest.String()), r); err != nil {
		t.Fatal(err)
	}
}

// bundles are those that a registry has for an image.
func bundles(t *testing.T, ref string) [][]byte {
	t.Helper()
	digest, err := name.NewDigest(ref)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Referrers(digest)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, entry := range entries.Manifests {
		image, err := remote.Image(digest.Context().Digest(entry.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, open(t, image).bundle)
	}
	return all
}
