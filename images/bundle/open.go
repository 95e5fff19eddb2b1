package bundle

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxManifests is more than there are platforms. Without it a small index could
// have one large manifest read for hours.
const maxManifests = 100

// A Bundle is one that Open has read, or an empty one.
type Bundle struct {
	items []Item
	paths map[string]string // by sha256
}

// Items are all files of the bundle, sorted by platform and name. Path is where
// they are in the bundle.
func (b *Bundle) Items() []Item { return slices.Clone(b.items) }

// Path returns where the bundle has a file. It is good until the bundle is
// written again.
func (b *Bundle) Path(sha256 string) (path string, ok bool) {
	path, ok = b.paths[sha256]
	return path, ok
}

// Open reads the bundle at dir, which Write put there or a tool that copied it,
// and verifies all of it: every file against its sha256 and size. It reads no
// more of a file than a manifest says and decompresses nothing, so it may be
// used on what comes from anywhere. Errors name the damaged item.
func Open(dir string) (*Bundle, error) {
	b, err := open(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the bundle %s: %w (remove it, or copy it here again)", dir, err)
	}
	return b, nil
}

func open(dir string) (b *Bundle, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	r := &reader{files{root, map[v1.Hash]int64{}}, &Bundle{paths: map[string]string{}}}
	if err := r.read(dir); err != nil {
		return nil, err
	}
	if len(r.bundle.items) == 0 {
		return nil, errors.New("it has no items")
	}
	slices.SortFunc(r.bundle.items, compare)
	return r.bundle, nil
}

// reader is the state of one Open.
type reader struct {
	files
	bundle *Bundle
}

func (r *reader) read(dir string) error {
	var layout struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := r.file("oci-layout", &layout); err != nil {
		return fmt.Errorf("it is no OCI layout: %w", err)
	}
	if layout.Version != "1.0.0" {
		return fmt.Errorf("it is no OCI layout of version 1.0.0 but %q", layout.Version)
	}
	var top v1.IndexManifest
	if err := r.file("index.json", &top); err != nil {
		return err
	}
	if n := len(top.Manifests); n != 1 {
		return fmt.Errorf("index.json must have one entry; it has %d entries", n)
	}
	switch entry := top.Manifests[0]; entry.MediaType {
	case types.OCIImageIndex:
		return r.index(dir, entry)
	case types.OCIManifestSchema1: // the inputs of one platform, copied out of a registry
		if err := r.manifest(dir, entry, nil); err != nil {
			return fmt.Errorf("reading the manifest: %w", err)
		}
		return nil
	default:
		return fmt.Errorf("index.json has an entry of type %q: it must be an image index or a manifest", entry.MediaType)
	}
}

// index reads the items of all platforms.
func (r *reader) index(dir string, desc v1.Descriptor) error {
	var index v1.IndexManifest
	if err := r.blob(desc, &index); err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	if n := len(index.Manifests); n > maxManifests {
		return fmt.Errorf("the index has %d manifests, more than %d", n, maxManifests)
	}
	seen := map[string]bool{}
	for _, entry := range index.Manifests {
		name := ""
		if entry.Platform != nil {
			name = entry.Platform.String()
		}
		if seen[name] {
			return fmt.Errorf("two manifests are for platform %q", name)
		}
		seen[name] = true
		if err := r.manifest(dir, entry, &name); err != nil {
			return fmt.Errorf("reading the manifest for platform %q: %w", name, err)
		}
	}
	return nil
}

// manifest reads the items of one platform, which it says itself where no index
// does.
func (r *reader) manifest(dir string, entry v1.Descriptor, platform *string) error {
	if entry.MediaType != types.OCIManifestSchema1 {
		return fmt.Errorf("its type is %q", entry.MediaType)
	}
	var m v1.Manifest
	if err := r.blob(entry, &m); err != nil {
		return err
	}
	items, err := itemsOf(m, platform)
	if err != nil {
		return err
	}
	if err := r.blob(m.Config, &struct{}{}); err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	for i, it := range items {
		it.Path = filepath.Join(dir, blobPath(m.Layers[i].Digest))
		if err := r.copy(io.Discard, m.Layers[i]); err != nil {
			return fmt.Errorf("item %q: %w", it.Name, err)
		}
		r.bundle.items = append(r.bundle.items, it)
		r.bundle.paths[it.SHA256] = it.Path
	}
	return nil
}
