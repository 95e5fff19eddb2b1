package publish

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// archive packs img the way "docker save" does: as an OCI layout, which an
// engine with the containerd image store takes as it is, so that it keeps its
// digest; and with a manifest.json beside it for all other engines. The
// archives of go-containerregistry have only the latter, from which a containerd
// image store makes a manifest of its own, with another digest.
func archive(img v1.Image, name reference.NamedTagged) ([]byte, error) {
	manifest, err := img.Manifest()
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	desc, err := partial.Descriptor(img)
	if err != nil {
		return nil, fmt.Errorf("describing the image: %w", err)
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
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if files[docker.Config], err = img.RawConfigFile(); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	for _, layer := range manifest.Layers {
		path := blobPath(layer.Digest)
		docker.Layers = append(docker.Layers, path)
		if files[path], err = readLayer(img, layer.Digest); err != nil {
			return nil, fmt.Errorf("reading layer %s: %w", layer.Digest, err)
		}
	}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{*desc}}
	if files["index.json"], err = json.Marshal(index); err != nil {
		return nil, fmt.Errorf("encoding index.json: %w", err)
	}
	if files["manifest.json"], err = json.Marshal([]any{docker}); err != nil {
		return nil, fmt.Errorf("encoding manifest.json: %w", err)
	}
	return pack(files)
}

func blobPath(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

func readLayer(img v1.Image, digest v1.Hash) ([]byte, error) {
	layer, err := img.LayerByDigest(digest)
	if err != nil {
		return nil, err
	}
	compressed, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(compressed)
	if err != nil {
		return nil, err
	}
	return data, compressed.Close()
}

// pack makes a tar archive of files.
func pack(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := tw.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(files[path]))}); err != nil {
			return nil, fmt.Errorf("packing %s: %w", path, err)
		}
		if _, err := tw.Write(files[path]); err != nil {
			return nil, fmt.Errorf("packing %s: %w", path, err)
		}
	}
	if err := tw.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	return out.Bytes(), nil
}
