package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxManifest is how many bytes a manifest or an index may have: registries
// take no more than these 4 MiB.
const maxManifest = 4 << 20

// Publication is what to put into a repository.
type Publication struct {
	Index v1.ImageIndex // one image for each platform
	// Referrers are artifacts about the index or one of its images: their
	// manifests say which in subject.
	Referrers []v1.Image
	Tags      []string // moved in this order, when all else is there
}

// blob is something that manifests lead to.
type blob struct {
	desc  v1.Descriptor
	layer v1.Layer // its bytes
}

// manifest is one of an image, of an artifact or of an index.
type manifest struct {
	desc v1.Descriptor
	raw  []byte
}

// plan is a publication as single uploads, what is pointed to before what
// points to it.
type plan struct {
	blobs     []blob
	images    []manifest
	index     manifest
	referrers map[v1.Hash][]manifest // by subject
	artifacts []manifest             // all of referrers, in order
	tags      []string
}

// newPlan reads the manifests of a publication; no blob is read yet.
func newPlan(p Publication) (*plan, error) {
	pl := &plan{referrers: map[v1.Hash][]manifest{}, tags: p.Tags}
	var err error
	if pl.index, err = newManifest(p.Index); err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	entries, err := p.Index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	for _, entry := range entries.Manifests {
		if !entry.MediaType.IsImage() {
			return nil, fmt.Errorf("the index has an entry of type %q, which is not an image", entry.MediaType)
		}
		img, err := p.Index.Image(entry.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading image %s: %w", entry.Digest, err)
		}
		m, err := pl.add(img)
		if err != nil {
			return nil, fmt.Errorf("reading image %s: %w", entry.Digest, err)
		}
		if m.desc.Digest != entry.Digest {
			return nil, fmt.Errorf("image %s has a manifest with another digest, %s", entry.Digest, m.desc.Digest)
		}
		pl.images = append(pl.images, m)
	}
	for i, referrer := range p.Referrers {
		if err := pl.refer(referrer); err != nil {
			return nil, fmt.Errorf("reading referrer %d: %w", i+1, err)
		}
	}
	return pl, nil
}

// refer adds an artifact about something that is published with it.
func (pl *plan) refer(artifact v1.Image) error {
	m, err := pl.add(artifact)
	if err != nil {
		return err
	}
	var about struct {
		Subject      *v1.Descriptor    `json:"subject"`
		ArtifactType string            `json:"artifactType"`
		Config       v1.Descriptor     `json:"config"`
		Annotations  map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(m.raw, &about); err != nil {
		return fmt.Errorf("decoding manifest %s: %w", m.desc.Digest, err)
	}
	if about.Subject == nil {
		return fmt.Errorf("manifest %s has no subject", m.desc.Digest)
	}
	known := func(k manifest) bool { return k.desc.Digest == about.Subject.Digest }
	if !known(pl.index) && !slices.ContainsFunc(pl.images, known) {
		return fmt.Errorf("manifest %s is about %s, which is not published here", m.desc.Digest, about.Subject.Digest)
	}
	// What lists of referrers say of each.
	m.desc.ArtifactType, m.desc.Annotations = about.ArtifactType, about.Annotations
	if m.desc.ArtifactType == "" {
		m.desc.ArtifactType = string(about.Config.MediaType)
	}
	same := func(k manifest) bool { return k.desc.Digest == m.desc.Digest }
	if !slices.ContainsFunc(pl.artifacts, same) {
		pl.artifacts = append(pl.artifacts, m)
		pl.referrers[about.Subject.Digest] = append(pl.referrers[about.Subject.Digest], m)
	}
	return nil
}

// add reads an image's manifest and notes the blobs that it leads to.
func (pl *plan) add(img v1.Image) (manifest, error) {
	m, err := newManifest(img)
	if err != nil {
		return manifest{}, err
	}
	decoded, err := v1.ParseManifest(bytes.NewReader(m.raw))
	if err != nil {
		return manifest{}, fmt.Errorf("decoding the manifest: %w", err)
	}
	config, err := partial.ConfigLayer(img)
	if err != nil {
		return manifest{}, fmt.Errorf("reading the configuration: %w", err)
	}
	for i, desc := range append(decoded.Layers, decoded.Config) {
		layer := config
		if i < len(decoded.Layers) {
			if layer, err = img.LayerByDigest(desc.Digest); err != nil {
				return manifest{}, fmt.Errorf("reading layer %s: %w", desc.Digest, err)
			}
		}
		digest, errDigest := layer.Digest()
		size, errSize := layer.Size()
		if err := errors.Join(errDigest, errSize); err != nil || digest != desc.Digest || size != desc.Size {
			return manifest{}, errors.Join(fmt.Errorf("blob %s is not what the manifest says", desc.Digest), err)
		}
		if !slices.ContainsFunc(pl.blobs, func(b blob) bool { return b.desc.Digest == digest }) {
			pl.blobs = append(pl.blobs, blob{desc, layer})
		}
	}
	return m, nil
}

// described is an image or an index.
type described interface {
	RawManifest() ([]byte, error)
	MediaType() (types.MediaType, error)
}

func newManifest(of described) (manifest, error) {
	raw, errRaw := of.RawManifest()
	kind, errKind := of.MediaType()
	if err := errors.Join(errRaw, errKind); err != nil {
		return manifest{}, err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(raw))
	if size > maxManifest {
		return manifest{}, fmt.Errorf("its manifest has %d bytes, and registries take %d", size, maxManifest)
	}
	return manifest{v1.Descriptor{MediaType: kind, Digest: digest, Size: size}, raw}, err
}
