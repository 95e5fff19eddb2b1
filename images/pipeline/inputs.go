package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// maxBundles is more than there are artifacts with the inputs of one image.
const maxBundles = 100

// bring gets from a bundle into the store what it has of the lock's inputs, so
// that no mirror is asked for them. The bundle need not be trusted: the lock
// says what each input is.
func (b *builder) bring(ctx context.Context) error {
	if b.Inputs == "" {
		return nil
	}
	cache, err := b.Env.CacheDir()
	if err != nil {
		return err
	}
	s, err := store.Open(cache)
	if err != nil {
		return err
	}
	places, how, err := b.bundled(ctx)
	if err != nil {
		return fmt.Errorf("looking for inputs in %s: %w", b.Inputs, err)
	}
	wanted := b.wanted()
	var found []store.Input
	for _, in := range wanted {
		if place, ok := places[in.SHA256]; ok {
			in.Places = []string{place}
			found = append(found, in)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("%s has none of the inputs of %s: it is of another image, or another lock", b.Inputs, lockFile(b.Name))
	}
	b.out.Note(fmt.Sprintf("%s has %d of the %d inputs of %s", b.Inputs, len(found), len(wanted), lockFile(b.Name)))
	return s.Fetch(ctx, found, how)
}

// wanted are the inputs of the lock, for the platforms that are built.
func (b *builder) wanted() (all []store.Input) {
	for _, c := range b.lock.Components {
		for _, in := range c.Inputs() {
			all = append(all, store.Input{Name: in.File, SHA256: in.SHA256, Size: in.Size})
		}
	}
	if b.lock.Alpine == nil {
		return all
	}
	for _, p := range b.lock.Alpine.Platforms {
		if !slices.Contains(b.Platforms, p.Platform) {
			continue
		}
		for _, l := range p.Packages {
			in := store.Input{Name: l.File(), SHA256: l.SHA256, Size: l.Size}
			if !slices.ContainsFunc(all, func(other store.Input) bool { return other.SHA256 == in.SHA256 }) {
				all = append(all, in)
			}
		}
	}
	return all
}

// bundled finds the bundle and gives an address for each file of it, by sha256,
// and how to fetch from there.
func (b *builder) bundled(ctx context.Context) (places map[string]string, how store.Options, err error) {
	places = map[string]string{}
	if info, err := os.Stat(b.Inputs); err == nil && info.IsDir() {
		opened, err := bundle.Open(b.Inputs)
		if err != nil {
			return nil, how, err
		}
		for _, it := range opened.Items() {
			path, err := filepath.Abs(it.Path)
			if err != nil {
				return nil, how, err
			}
			places[it.SHA256] = fileURL(path)
		}
		return places, store.Options{Progress: b.out}, nil
	}
	target, err := publish.ParseTarget(b.Inputs)
	if err != nil {
		return nil, how, fmt.Errorf("it is no folder, and no %w", err)
	}
	registry, err := publish.Connect(ctx, target.Repository, publish.Options{Keychain: authn.DefaultKeychain, Progress: b.out})
	if err != nil {
		return nil, how, err
	}
	items, err := remoteItems(ctx, registry, target.Reference())
	if err != nil {
		return nil, how, err
	}
	for _, it := range items {
		places[it.SHA256] = registry.BlobURL(v1.Hash{Algorithm: "sha256", Hex: it.SHA256})
	}
	how, err = registry.Downloads(ctx)
	return places, how, err
}

// remoteItems are those of the artifact that a reference leads to; or, where
// that is an image or an index, of the artifacts that refer to it or are in it.
func remoteItems(ctx context.Context, registry *publish.Repository, reference string) ([]bundle.Item, error) {
	raw, desc, err := registry.Manifest(ctx, reference)
	if err != nil {
		return nil, err
	}
	if items, err := bundle.Parse(raw); err == nil {
		return items, nil
	}
	candidates, err := registry.Referrers(ctx, desc.Digest, "")
	if err != nil {
		return nil, err
	}
	bundles := func(d v1.Descriptor) bool { return d.ArtifactType == bundle.ArtifactType }
	if slices.ContainsFunc(candidates, bundles) { // else the registry may not know the types
		candidates = slices.DeleteFunc(candidates, func(d v1.Descriptor) bool { return !bundles(d) })
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(raw, &index); err == nil {
		candidates = append(candidates, index.Manifests...)
	}
	if len(candidates) > maxBundles {
		return nil, fmt.Errorf("it has %d manifests, more than %d", len(candidates), maxBundles)
	}
	var all []bundle.Item
	for _, c := range candidates {
		if raw, _, err = registry.Manifest(ctx, c.Digest.String()); err != nil {
			return nil, err
		}
		if items, err := bundle.Parse(raw); err == nil { // else it is one of the images
			all = append(all, items...)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no bundle of inputs, and nothing with inputs refers to it", desc.Digest)
	}
	return all, nil
}
