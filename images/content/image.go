package content

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// An Image is one platform's, read to the last byte.
type Image struct {
	Digest v1.Hash // of the manifest
	Config v1.ConfigFile
	Layers []Layer
	Files  map[string]File // by path; all layers together, as a container sees them
}

// A Layer is one archive of an image.
type Layer struct {
	Digest, DiffID v1.Hash // packed, and unpacked
	Size           int64   // bytes, packed
}

// A File is a file, a link, a folder or a device.
type File struct {
	Path       string // without a slash at either end
	Mode       fs.FileMode
	UID, GID   int
	Link       string // where a symbolic link leads
	ModTime    int64  // seconds since 1970
	Attributes string // extended ones, as name=value in quotes, or device numbers
	Size       int64  // bytes
	SHA256     string // of a regular file, in hexadecimal
	Data       []byte // of a regular file; nil if all files together are too large to be kept
}

// Limits are how much an image may be. What is beyond is not looked at.
type Limits struct {
	Unpacked int64 // bytes of all layers; beyond that the image is refused
	Files    int   // in all layers; as that
	Kept     int64 // bytes of files that are kept; beyond that, files have no Data
}

// DefaultLimits have room for sites of some size on top of an image.
var DefaultLimits = Limits{Unpacked: 8 << 30, Files: 200_000, Kept: 256 << 20}

// Size is the number of bytes of all files.
func (i *Image) Size() (sum int64) {
	for _, f := range i.Files {
		sum += f.Size
	}
	return sum
}

// Compressed is the number of bytes of all layers as they are transferred.
func (i *Image) Compressed() (sum int64) {
	for _, l := range i.Layers {
		sum += l.Size
	}
	return sum
}

// Paths are those of all files, in order.
func (i *Image) Paths() []string { return slices.Sorted(maps.Keys(i.Files)) }

// Manifest reads the manifest of an image and its configuration, which have as many
// layers as each other.
func Manifest(ctx context.Context, from Source, e Entry) (*v1.Manifest, *v1.ConfigFile, error) {
	raw, desc, err := from.Manifest(ctx, e.Descriptor.Digest.String())
	if err != nil {
		return nil, nil, err
	}
	if digest, _, err := v1.SHA256(bytes.NewReader(raw)); err != nil || digest != e.Descriptor.Digest || desc.Digest != digest {
		return nil, nil, damaged("manifest %s has other bytes", e.Descriptor.Digest)
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, nil, damaged("reading manifest %s: %w", desc.Digest, err)
	}
	text, err := Bytes(ctx, from, m.Config, maxManifest)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the configuration: %w", err)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(text))
	if err != nil {
		return nil, nil, damaged("reading the configuration: %w", err)
	}
	switch n := len(m.Layers); {
	case n != len(config.RootFS.DiffIDs):
		return nil, nil, damaged("there are %d layers, and the configuration has %d", n, len(config.RootFS.DiffIDs))
	case n > maxLayers:
		return nil, nil, damaged("there are %d layers, more than %d", n, maxLayers)
	case e.Platform != "" && config.Platform().String() != e.Platform:
		return nil, nil, damaged("the image for %s is for %s", e.Platform, config.Platform())
	}
	return m, config, nil
}

// Read reads an image: its manifest, its configuration and all layers.
func Read(ctx context.Context, from Source, e Entry, limits Limits) (*Image, error) {
	m, config, err := Manifest(ctx, from, e)
	if err != nil {
		return nil, err
	}
	img := &Image{Digest: e.Descriptor.Digest, Config: *config, Files: map[string]File{}}
	u := unpacker{files: img.Files, limits: limits}
	for i, layer := range m.Layers {
		if err := u.layer(ctx, from, layer, config.RootFS.DiffIDs[i]); err != nil {
			return nil, fmt.Errorf("reading layer %s: %w", layer.Digest, err)
		}
		img.Layers = append(img.Layers, Layer{Digest: layer.Digest, DiffID: config.RootFS.DiffIDs[i], Size: layer.Size})
	}
	return img, nil
}

func mediaType(said string, index bool) types.MediaType {
	switch {
	case said != "":
		return types.MediaType(said)
	case index:
		return types.OCIImageIndex
	}
	return types.OCIManifestSchema1
}
