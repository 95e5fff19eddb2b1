package publish

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// archive writes img to w the way "docker save" does: as an OCI layout, which an
// engine with the containerd image store takes as it is, so that it keeps its
// digest; and with a manifest.json beside it for all other engines. The
// archives of go-containerregistry have only the latter, from which a containerd
// image store makes a manifest of its own, with another digest.
// Layers are streamed: an image with a site of somebody's in it may have any size.
func archive(w io.Writer, img v1.Image, name reference.NamedTagged) error {
	manifest, err := img.Manifest()
	if err != nil {
		return fmt.Errorf("reading the manifest: %w", err)
	}
	desc, err := partial.Descriptor(img)
	if err != nil {
		return fmt.Errorf("describing the image: %w", err)
	}
	desc.Annotations = map[string]string{
		"io.containerd.image.name":          name.String(),
		"org.opencontainers.image.ref.name": name.Tag(),
	}
	docker := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{blobPath(manifest.Config.Digest), []string{reference.FamiliarString(name)}, nil}

	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)}
	if files[blobPath(desc.Digest)], err = img.RawManifest(); err != nil {
		return fmt.Errorf("reading the manifest: %w", err)
	}
	if files[docker.Config], err = img.RawConfigFile(); err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	layers := map[string]v1.Descriptor{}
	for _, layer := range manifest.Layers {
		path := blobPath(layer.Digest)
		docker.Layers = append(docker.Layers, path)
		layers[path] = layer
	}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{*desc}}
	if files["index.json"], err = json.Marshal(index); err != nil {
		return fmt.Errorf("encoding index.json: %w", err)
	}
	if files["manifest.json"], err = json.Marshal([]any{docker}); err != nil {
		return fmt.Errorf("encoding manifest.json: %w", err)
	}
	return pack(w, img, files, layers)
}

func blobPath(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// pack makes a tar archive of files and layers, each in the place of its path.
func pack(w io.Writer, img v1.Image, files map[string][]byte, layers map[string]v1.Descriptor) error {
	tw := tar.NewWriter(w)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := packOne(tw, path, int64(len(files[path])), bytes.NewReader(files[path])); err != nil {
			return err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(layers)) {
		if err := packLayer(tw, path, img, layers[path]); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	return nil
}

func packLayer(tw *tar.Writer, path string, img v1.Image, desc v1.Descriptor) (err error) {
	layer, err := img.LayerByDigest(desc.Digest)
	if err != nil {
		return fmt.Errorf("reading layer %s: %w", desc.Digest, err)
	}
	compressed, err := layer.Compressed()
	if err != nil {
		return fmt.Errorf("reading layer %s: %w", desc.Digest, err)
	}
	defer func() { err = errors.Join(err, compressed.Close()) }()
	return packOne(tw, path, desc.Size, compressed)
}

func packOne(tw *tar.Writer, path string, size int64, r io.Reader) error {
	if err := tw.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: size}); err != nil {
		return fmt.Errorf("packing %s: %w", path, err)
	}
	if _, err := io.Copy(tw, r); err != nil {
		return fmt.Errorf("packing %s: %w", path, err)
	}
	return nil
}
