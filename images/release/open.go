package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const (
	layoutFile    = "oci-layout"
	layoutVersion = "1.0.0"
)

// Open reads the release that Write put at dir and verifies all of it: every
// blob against the digest and size its descriptor gives, and what manifests and
// configurations say against each other. The release goes on reading from dir,
// so it is good only until the next Write there.
func Open(dir string) (Release, error) {
	r, err := open(dir)
	if err != nil {
		return Release{}, fmt.Errorf("opening the release at %s: %w (build it again to replace it)", dir, err)
	}
	return r, nil
}

func open(dir string) (Release, error) {
	r, err := openHashed(dir)
	if err != nil {
		return Release{}, err
	}
	if err := validate.Index(r.Index); err != nil {
		return Release{}, fmt.Errorf("validating: %w", err)
	}
	return r, nil
}

// openHashed leaves out what manifests and configurations say against each
// other, for which layers have to be unpacked.
func openHashed(dir string) (Release, error) {
	if err := checkVersion(dir); err != nil {
		return Release{}, err
	}
	path := layout.Path(dir)
	root, err := path.ImageIndex()
	if err != nil {
		return Release{}, fmt.Errorf("reading index.json: %w", err)
	}
	entries, err := root.IndexManifest()
	if err != nil {
		return Release{}, fmt.Errorf("reading index.json: %w", err)
	}
	if n := len(entries.Manifests); n != 1 || entries.Manifests[0].MediaType != types.OCIImageIndex {
		return Release{}, fmt.Errorf("index.json must have one entry, an image index; it has %d entries", n)
	}
	entry := entries.Manifests[0]
	r, err := fromAnnotations(entry.Annotations)
	if err != nil {
		return Release{}, fmt.Errorf("reading index.json: %w", err)
	}
	if err := verifyIndex(path, entry); err != nil {
		return Release{}, err
	}
	r.Index, err = root.ImageIndex(entry.Digest)
	return r, err
}

func checkVersion(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, layoutFile))
	if err != nil {
		return fmt.Errorf("it is not an OCI layout: %w", err)
	}
	var header struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return fmt.Errorf("reading %s: %w", layoutFile, err)
	}
	if header.Version != layoutVersion {
		return fmt.Errorf("%s: version %q is not %q", layoutFile, header.Version, layoutVersion)
	}
	return nil
}

// verifyIndex hashes every blob that an index leads to. The layout package
// trusts file names, and validate trusts the layout package.
func verifyIndex(path layout.Path, desc v1.Descriptor) error {
	if err := verifyBlob(path, desc); err != nil {
		return err
	}
	var index v1.IndexManifest
	if err := decode(path, desc, &index); err != nil {
		return err
	}
	for _, image := range index.Manifests {
		if image.MediaType != types.OCIManifestSchema1 {
			return fmt.Errorf("the index has an entry of type %q, which is not an OCI image", image.MediaType)
		}
		if err := verifyBlob(path, image); err != nil {
			return err
		}
		var manifest v1.Manifest
		if err := decode(path, image, &manifest); err != nil {
			return err
		}
		for _, blob := range append(manifest.Layers, manifest.Config) {
			if err := verifyBlob(path, blob); err != nil {
				return err
			}
		}
	}
	return nil
}

func verifyBlob(path layout.Path, want v1.Descriptor) (err error) {
	blob, err := path.Blob(want.Digest)
	if err != nil {
		return fmt.Errorf("reading a blob: %w", err)
	}
	defer func() { err = errors.Join(err, blob.Close()) }()
	digest, size, err := v1.SHA256(blob)
	if err != nil {
		return fmt.Errorf("reading blob %s: %w", want.Digest, err)
	}
	if digest != want.Digest || size != want.Size {
		return fmt.Errorf("blob %s is damaged: want %d bytes, got %d with digest %s", want.Digest, want.Size, size, digest)
	}
	return nil
}

// decode reads a blob that was verified.
func decode(path layout.Path, desc v1.Descriptor, into any) error {
	data, err := path.Bytes(desc.Digest)
	if err != nil {
		return fmt.Errorf("reading a blob: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decoding blob %s: %w", desc.Digest, err)
	}
	return nil
}
