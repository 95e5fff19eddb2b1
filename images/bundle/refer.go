package bundle

import (
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Referrers makes artifacts that refer to an image, or an index of images, in a
// registry: one for each platform that items are of. There they are found by
// whoever has the image, and are kept as long as it is. Files are read when the
// artifacts' layers are.
func Referrers(items []Item, subject v1.Descriptor) ([]v1.Image, error) {
	platforms, err := byPlatform(items)
	if err != nil {
		return nil, fmt.Errorf("making a bundle of inputs: %w", err)
	}
	about := &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}
	var all []v1.Image
	for _, items := range platforms {
		a, err := newArtifact(items, about)
		if err != nil {
			return nil, fmt.Errorf("making a bundle of inputs: %w", err)
		}
		all = append(all, a)
	}
	return all, nil
}

// Parse gives the items of an artifact's manifest, which may come from anywhere.
// Their paths are empty: each is a blob beside the manifest, by its sha256.
func Parse(manifest []byte) ([]Item, error) {
	if len(manifest) > maxJSON {
		return nil, fmt.Errorf("reading the inputs: the manifest has more than %d bytes", maxJSON)
	}
	var m v1.Manifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, fmt.Errorf("reading the inputs: %w", err)
	}
	items, err := itemsOf(m, nil)
	if err == nil && len(items) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the inputs: %w", err)
	}
	return items, nil
}

// itemsOf are what the layers of a manifest are, in their order.
func itemsOf(m v1.Manifest, platform *string) ([]Item, error) {
	if m.ArtifactType != ArtifactType {
		return nil, fmt.Errorf("the type of the artifact is %q, not %q: it is not a bundle of inputs", m.ArtifactType, ArtifactType)
	}
	if m.Config.MediaType != types.OCIEmptyJSON {
		return nil, fmt.Errorf("its configuration is of type %q, not %q", m.Config.MediaType, types.OCIEmptyJSON)
	}
	if platform == nil {
		own := m.Annotations[platformAnnotation]
		platform = &own
	}
	var items []Item
	names := map[string]bool{}
	for i, layer := range m.Layers {
		it := Item{Name: layer.Annotations[titleAnnotation], SHA256: layer.Digest.Hex, Size: layer.Size, Platform: *platform}
		if err := it.check(); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i+1, err)
		}
		if names[it.Name] {
			return nil, fmt.Errorf("two layers are %q", it.Name)
		}
		names[it.Name] = true
		items = append(items, it)
	}
	return items, nil
}
