package attest

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The annotations of a referrer, by which cosign and people see what is in it.
const (
	contentAnnotation   = "dev.sigstore.bundle.content"
	predicateAnnotation = "dev.sigstore.bundle.predicateType"
)

// Referrers signs each document as a statement about subject, an image or an
// index, and returns them in their order as artifacts to push beside it. Each is
// a v1.Image with the type of artifact BundleType, and the descriptor of subject
// as its own; remote.Write does all that a registry needs, the tag for those
// without the referrers API included.
func Referrers(key *ecdsa.PrivateKey, subject v1.Descriptor, documents ...Document) ([]v1.Image, error) {
	var all []v1.Image
	for _, d := range documents {
		bundle, err := Sign(Statement{Subject: subject.Digest, Document: d}, key)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", d.PredicateType, subject.Digest, err)
		}
		image, err := newReferrer(subject, bundle, d.PredicateType)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", d.PredicateType, subject.Digest, err)
		}
		all = append(all, image)
	}
	return all, nil
}

// Bundle is what an artifact that Referrers, or cosign, has made holds. What it
// says is yet to be verified.
func Bundle(referrer v1.Image) ([]byte, error) {
	layers, err := referrer.Layers()
	if err != nil {
		return nil, fmt.Errorf("reading a referrer: %w", err)
	}
	if len(layers) != 1 {
		return nil, fmt.Errorf("reading a referrer: it has %d layers: there must be one", len(layers))
	}
	kind, err := layers[0].MediaType()
	if err != nil {
		return nil, fmt.Errorf("reading a referrer: %w", err)
	}
	if kind != BundleType {
		return nil, fmt.Errorf("reading a referrer: it holds %q: it must be %s", kind, BundleType)
	}
	content, err := layers[0].Compressed()
	if err != nil {
		return nil, fmt.Errorf("reading a referrer: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(content, limit+1))
	if err := errors.Join(err, content.Close()); err != nil {
		return nil, fmt.Errorf("reading a referrer: %w", err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("reading a referrer: it has more than %d bytes", limit)
	}
	return data, nil
}

// A referrer is a bundle as go-containerregistry wants an image. mutate cannot
// make it: it has no say in the type of artifact.
type referrer struct {
	manifest []byte
	config   v1.Layer
	bundle   v1.Layer
}

func newReferrer(about v1.Descriptor, bundle []byte, predicateType string) (v1.Image, error) {
	r := &referrer{config: static.NewLayer([]byte("{}"), types.OCIEmptyJSON), bundle: static.NewLayer(bundle, BundleType)}
	config, err := partial.Descriptor(r.config)
	if err != nil {
		return nil, fmt.Errorf("making a referrer: %w", err)
	}
	layer, err := partial.Descriptor(r.bundle)
	if err != nil {
		return nil, fmt.Errorf("making a referrer: %w", err)
	}
	r.manifest, err = json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: BundleType,
		Config: *config, Layers: []v1.Descriptor{*layer},
		// The rest of a descriptor depends on where it was found.
		Subject:     &v1.Descriptor{MediaType: about.MediaType, Size: about.Size, Digest: about.Digest},
		Annotations: map[string]string{contentAnnotation: "dsse-envelope", predicateAnnotation: predicateType},
	})
	if err != nil {
		return nil, fmt.Errorf("making a referrer: %w", err)
	}
	return partial.CompressedToImage(r)
}

// MediaType is that of the manifest.
func (r *referrer) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// RawManifest is the manifest.
func (r *referrer) RawManifest() ([]byte, error) { return slices.Clone(r.manifest), nil }

// RawConfigFile is the configuration, which is empty.
func (r *referrer) RawConfigFile() ([]byte, error) { return []byte("{}"), nil }

// LayerByDigest is the configuration or the bundle.
func (r *referrer) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, l := range []v1.Layer{r.config, r.bundle} {
		if digest, err := l.Digest(); err == nil && digest == h {
			return l, nil
		}
	}
	return nil, fmt.Errorf("the referrer has no blob %s", h)
}
