package oci

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// Index makes one index of images for different platforms, in the order of the
// platforms' names whatever the order of images.
func Index(images ...v1.Image) (v1.ImageIndex, error) {
	if len(images) == 0 {
		return nil, errors.New("making an index: there is no image")
	}
	var entries []mutate.IndexAddendum
	for _, img := range images {
		config, err := img.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("making an index: reading the configuration of an image: %w", err)
		}
		platform := config.Platform()
		if platform == nil {
			return nil, errors.New("making an index: an image does not say its platform")
		}
		entries = append(entries, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
	}
	name := func(e mutate.IndexAddendum) string { return e.Platform.String() }
	slices.SortFunc(entries, func(a, b mutate.IndexAddendum) int { return cmp.Compare(name(a), name(b)) })
	for i := range entries[1:] {
		if name(entries[i]) == name(entries[i+1]) {
			return nil, fmt.Errorf("making an index: two images are for %s", name(entries[i]))
		}
	}
	index := mutate.AppendManifests(empty.Index, entries...)
	if _, err := index.Digest(); err != nil { // lazy, as images are
		return nil, fmt.Errorf("making an index: %w", err)
	}
	return index, nil
}
