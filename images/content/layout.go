package content

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// refName is the annotation by which a layout names its entries.
const refName = "org.opencontainers.image.ref.name"

// A Layout is an OCI layout on disk: of this project's, or as skopeo, crane, oras
// and buildx write them. What refers to an image is an entry of its own there, or
// below the tag that registries without the referrers API have for it.
type Layout struct {
	dir     string
	entries []v1.Descriptor
}

// OpenLayout reads what a layout leads to.
func OpenLayout(dir string) (*Layout, error) {
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); err != nil {
		return nil, fmt.Errorf("opening %s: it is not an OCI layout: %w", dir, err)
	}
	raw, err := readFile(filepath.Join(dir, "index.json"), maxManifest)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("opening %s: reading index.json: %w", dir, err)
	}
	return &Layout{dir: dir, entries: index.Manifests}, nil
}

// Manifest reads a manifest by its digest or tag; without either, the only entry
// that is an image or an index of some.
func (l *Layout) Manifest(ctx context.Context, reference string) ([]byte, v1.Descriptor, error) {
	if strings.HasPrefix(reference, "sha256:") {
		digest, err := v1.NewHash(reference)
		if err != nil {
			return nil, v1.Descriptor{}, fmt.Errorf("digest %q: %w", reference, err)
		}
		return l.read(digest)
	}
	var found []v1.Descriptor
	for _, e := range l.entries {
		switch {
		case reference != "" && e.Annotations[refName] != reference, strings.HasPrefix(e.Annotations[refName], "sha256-"):
		case reference == "" && l.refers(ctx, e):
		case !slices.ContainsFunc(found, func(d v1.Descriptor) bool { return d.Digest == e.Digest }):
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		return nil, v1.Descriptor{}, fmt.Errorf("%s has %d images %q: name one by its digest, as %s@DIGEST", l.dir, len(found), reference, l.dir)
	}
	return l.read(found[0].Digest)
}

// refers reports whether an entry is about another one.
func (l *Layout) refers(_ context.Context, e v1.Descriptor) bool {
	_, _, subject, err := l.parse(e.Digest)
	return err == nil && subject != nil
}

func (l *Layout) read(digest v1.Hash) ([]byte, v1.Descriptor, error) {
	raw, desc, _, err := l.parse(digest)
	return raw, desc, err
}

// parse reads a manifest, with what it is about.
func (l *Layout) parse(digest v1.Hash) (raw []byte, desc v1.Descriptor, subject *v1.Descriptor, err error) {
	raw, err = readFile(l.path(digest), maxManifest)
	if err != nil {
		return nil, desc, nil, err
	}
	sum, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, desc, nil, err
	}
	if sum != digest {
		return nil, desc, nil, damaged("%s has other bytes", l.path(digest))
	}
	var m struct {
		MediaType    string          `json:"mediaType"`
		ArtifactType string          `json:"artifactType"`
		Subject      *v1.Descriptor  `json:"subject"`
		Manifests    json.RawMessage `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, desc, nil, damaged("reading %s: %w", digest, err)
	}
	desc = v1.Descriptor{Digest: sum, Size: size, MediaType: mediaType(m.MediaType, m.Manifests != nil), ArtifactType: m.ArtifactType}
	return raw, desc, m.Subject, nil
}

// Blob opens a blob.
func (l *Layout) Blob(_ context.Context, digest v1.Hash) (io.ReadCloser, error) {
	return os.Open(l.path(digest))
}

// Referrers lists what refers to a manifest.
func (l *Layout) Referrers(ctx context.Context, about v1.Hash, artifactType string) ([]v1.Descriptor, error) {
	candidates := slices.Clone(l.entries)
	for _, e := range l.entries {
		if e.Annotations[refName] != about.Algorithm+"-"+about.Hex {
			continue
		}
		raw, _, err := l.Manifest(ctx, e.Digest.String())
		if err != nil {
			return nil, err
		}
		var listed v1.IndexManifest
		if err := json.Unmarshal(raw, &listed); err != nil {
			return nil, damaged("reading %s: %w", e.Digest, err)
		}
		candidates = append(candidates, listed.Manifests...)
	}
	var found []v1.Descriptor
	for _, c := range candidates {
		_, desc, subject, err := l.parse(c.Digest)
		if err != nil || subject == nil || subject.Digest != about || artifactType != "" && desc.ArtifactType != artifactType {
			continue // a referrer that is damaged vouches for nothing
		}
		if !slices.ContainsFunc(found, func(d v1.Descriptor) bool { return d.Digest == desc.Digest }) {
			found = append(found, desc)
		}
	}
	return found, nil
}

func (l *Layout) path(digest v1.Hash) string {
	return filepath.Join(l.dir, "blobs", digest.Algorithm, digest.Hex)
}

func readFile(name string, most int64) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return data, err
}
