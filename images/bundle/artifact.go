package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// ArtifactType is that of the manifests of a bundle.
const ArtifactType = "application/vnd.nginx-scratch.inputs.v1"

const (
	packageType = "application/vnd.alpine.apk.v2+gzip"
	otherType   = "application/octet-stream"

	titleAnnotation    = "org.opencontainers.image.title"
	platformAnnotation = "io.github.nginx-scratch.platform" // of a manifest that stands in no index

	// emptyConfig is the configuration of an artifact that has none.
	emptyConfig = "{}"
)

// newIndex makes the artifact of items, of which no file is read yet.
func newIndex(items []Item) (v1.ImageIndex, error) {
	platforms, err := byPlatform(items)
	if err != nil {
		return nil, err
	}
	var entries []mutate.IndexAddendum
	for _, items := range platforms {
		image, err := newArtifact(items, nil)
		if err != nil {
			return nil, err
		}
		p, err := platform(items[0].Platform)
		if err != nil {
			return nil, err
		}
		entries = append(entries, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: p}})
	}
	return mutate.AppendManifests(empty.Index, entries...), nil
}

// An artifact is the items of one platform as go-containerregistry wants an
// image. mutate cannot make it: it has no say in the artifact type.
type artifact struct {
	manifest []byte
	layers   map[v1.Hash]blob
}

// newArtifact makes the artifact of the items of a platform. With a subject, it
// is one that refers to that.
func newArtifact(items []Item, subject *v1.Descriptor) (v1.Image, error) {
	config, size, err := v1.SHA256(strings.NewReader(emptyConfig))
	if err != nil {
		return nil, fmt.Errorf("making a manifest: %w", err)
	}
	m := v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		ArtifactType:  ArtifactType,
		Config:        v1.Descriptor{MediaType: types.OCIEmptyJSON, Digest: config, Size: size},
		Subject:       subject,
	}
	if platform := items[0].Platform; subject != nil && platform != "" {
		m.Annotations = map[string]string{platformAnnotation: platform}
	}
	a := &artifact{layers: map[v1.Hash]blob{}}
	for _, it := range items {
		b := blob{it}
		m.Layers = append(m.Layers, v1.Descriptor{
			MediaType: b.mediaType(), Digest: b.digest(), Size: it.Size,
			Annotations: map[string]string{titleAnnotation: it.Name},
		})
		a.layers[b.digest()] = b
	}
	if a.manifest, err = json.Marshal(m); err != nil {
		return nil, fmt.Errorf("making a manifest: %w", err)
	}
	image, err := partial.CompressedToImage(a)
	if err != nil {
		return nil, fmt.Errorf("making a manifest: %w", err)
	}
	return image, nil
}

// MediaType is that of the manifest.
func (a *artifact) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// RawManifest is the manifest.
func (a *artifact) RawManifest() ([]byte, error) { return bytes.Clone(a.manifest), nil }

// RawConfigFile is the configuration.
func (a *artifact) RawConfigFile() ([]byte, error) { return []byte(emptyConfig), nil }

// LayerByDigest is the layer of an item.
func (a *artifact) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	b, ok := a.layers[h]
	if !ok {
		return nil, fmt.Errorf("no item has digest %s", h)
	}
	return b, nil
}
