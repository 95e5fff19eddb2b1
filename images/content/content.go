// Package content reads images, wherever they are, to the last file. Nothing is
// believed: every byte is held against the digest that leads to it, and what would
// not end, or would not fit, is refused.
package content

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Source is where an image is: a repository of a registry, or an OCI layout.
type Source interface {
	// Manifest reads a manifest or an index by its digest or its tag. The
	// descriptor is that of the bytes.
	Manifest(ctx context.Context, reference string) (raw []byte, desc v1.Descriptor, err error)
	// Blob opens a blob, which is not verified yet.
	Blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error)
	// Referrers lists the artifacts of a type, or of all where that is empty, that
	// refer to a manifest. Anybody may have added some.
	Referrers(ctx context.Context, subject v1.Hash, artifactType string) ([]v1.Descriptor, error)
}

// ErrDamaged is wrapped by errors that are the image's own: it is not what its
// digests say, or not an image. All others are of the way to it.
var ErrDamaged = errors.New("the image is not what it says")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}

const (
	maxManifest  = 4 << 20 // bytes, as registries have it; also of a configuration
	maxPlatforms = 64
	maxLayers    = 128
)

// An Index is what a reference leads to: images for platforms, or one image.
type Index struct {
	Source     Source
	Descriptor v1.Descriptor
	Images     []Entry // in the order of the index
}

// An Entry is the image for one platform.
type Entry struct {
	Platform   string // "linux/arm64"; empty where a single image does not say
	Descriptor v1.Descriptor
}

// Open reads what a reference leads to: an index or an image. Entries of an index
// that are no images, such as attestations of others, are left out.
func Open(ctx context.Context, from Source, reference string) (Index, error) {
	raw, desc, err := from.Manifest(ctx, reference)
	if err != nil {
		return Index{}, err
	}
	i := Index{Source: from, Descriptor: desc}
	if len(raw) > maxManifest {
		return i, damaged("the manifest has more than %d bytes", maxManifest)
	}
	var parsed struct {
		Manifests []v1.Descriptor `json:"manifests"`
		Layers    []v1.Descriptor `json:"layers"`
		Config    *v1.Descriptor  `json:"config"`
	}
	if err := json.Unmarshal(raw, &parsed); err != nil {
		return i, damaged("reading %s: %w", desc.Digest, err)
	}
	if parsed.Config != nil {
		platform, err := platformOf(ctx, from, *parsed.Config)
		if err != nil {
			return i, err
		}
		i.Images = []Entry{{Platform: platform, Descriptor: desc}}
		return i, nil
	}
	seen := map[string]bool{}
	for _, d := range parsed.Manifests {
		if !d.MediaType.IsImage() || d.Platform == nil || d.Platform.OS == "unknown" {
			continue
		}
		name := d.Platform.String()
		if seen[name] {
			return i, damaged("the index has two images for %s", name)
		}
		seen[name] = true
		i.Images = append(i.Images, Entry{Platform: name, Descriptor: d})
	}
	if len(i.Images) == 0 || len(i.Images) > maxPlatforms {
		return i, damaged("the index has %d images: there must be 1 to %d", len(i.Images), maxPlatforms)
	}
	return i, nil
}

// platformOf asks the configuration of a single image.
func platformOf(ctx context.Context, from Source, desc v1.Descriptor) (string, error) {
	raw, err := Bytes(ctx, from, desc, maxManifest)
	if err != nil {
		return "", fmt.Errorf("reading the configuration: %w", err)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(raw))
	if err != nil {
		return "", damaged("reading the configuration: %w", err)
	}
	return config.Platform().String(), nil
}

// Bytes reads a blob of at most so many bytes, and holds it against its digest.
func Bytes(ctx context.Context, from Source, desc v1.Descriptor, most int64) (data []byte, err error) {
	if desc.Size < 0 || desc.Size > most {
		return nil, damaged("blob %s has %d bytes: it must not have more than %d", desc.Digest, desc.Size, most)
	}
	blob, err := from.Blob(ctx, desc.Digest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, blob.Close()) }()
	var buffer bytes.Buffer
	digest, size, err := v1.SHA256(io.TeeReader(io.LimitReader(blob, desc.Size+1), &buffer))
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", desc.Digest, err)
	}
	if digest != desc.Digest || size != desc.Size {
		return nil, damaged("blob %s has other bytes", desc.Digest)
	}
	return buffer.Bytes(), nil
}
