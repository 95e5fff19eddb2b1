package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// Joint is what to join.
type Joint struct {
	Publication // where the index goes

	Images []string // tags or digests of the same repository, each of an image or an index
}

// Join makes one index of images for different platforms that were published
// from different machines, and publishes it, with the inputs of this checkout's
// lock, of which all of them have to be. The index is the one, to the byte, that
// one machine would have made of them. What was said of each image stays with it.
//
// With Nightly, an index that is published so already, and signed if it is to be,
// is left as it is, and the reference is empty; one of older inputs is refused.
func Join(ctx context.Context, o Options, j Joint) (reference string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	o.ImageName, o.Platforms = cmp.Or(o.ImageName, project), nil
	target, err := publish.ParseTarget(j.Reference)
	if err != nil {
		return "", err
	}
	switch {
	case target.Digest != "":
		return "", fmt.Errorf("reference %q has a digest: the images give that, name a tag or nothing", j.Reference)
	case len(j.Images) == 0:
		return "", errors.New("there is nothing to join: name the images' tags or digests with -from")
	}
	b := builder{Options: o, out: out}
	if err := b.load(ctx); err != nil {
		return "", err
	}
	b.chooseOrigin()
	registry, err := publish.Connect(ctx, target.Repository, publish.Options{
		Push: true, Insecure: j.Insecure, Keychain: authn.DefaultKeychain, Progress: out,
	})
	if err != nil {
		return "", unpublished(ctx, err)
	}
	if err := b.collect(ctx, registry, j.Images); err != nil {
		return "", unpublished(ctx, fmt.Errorf("joining: %w", err))
	}
	tags, err := b.tags(target, j.Publication)
	if err != nil {
		return "", err
	}
	if j.Nightly {
		if done, err := b.stands(ctx, registry, target.Repository, j.Publication); err != nil || done {
			return "", unpublished(ctx, err)
		}
	}
	said, referrers, err := b.aboutIndex(ctx, j.Publication)
	if err != nil {
		return "", unpublished(ctx, err)
	}
	return b.push(ctx, registry, target.Repository, publish.Publication{Index: b.rel.Index, Referrers: referrers, Tags: tags}, j.Keyless, said)
}

// collect gets the images and makes the index.
func (b *builder) collect(ctx context.Context, registry *publish.Repository, references []string) error {
	var all []v1.Image
	for _, reference := range references {
		images, err := registry.Images(ctx, reference)
		if err != nil {
			return err
		}
		all = append(all, images...)
	}
	index, err := oci.Index(all...)
	if err != nil {
		return err
	}
	b.rel = release.Release{Name: b.ImageName, Tag: tag(b.definition), Index: index}
	manifest, err := index.IndexManifest()
	if err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	b.Platforms = nil
	for _, entry := range manifest.Manifests {
		if err := b.matches(entry); err != nil {
			return fmt.Errorf("%s was made with another lock than %s: %w", entry.Digest, lockFile(b.Name), err)
		}
		b.Platforms = append(b.Platforms, entry.Platform.String())
	}
	return nil
}

// stands says whether the index is the nightly one already.
func (b *builder) stands(ctx context.Context, registry *publish.Repository, repository string, to Publication) (bool, error) {
	r := night{Options: b.Options, Night: Night{Publication: to}, repository: repository, out: b.out}
	digest, err := b.rel.Index.Digest()
	if err != nil {
		return false, fmt.Errorf("computing the digest: %w", err)
	}
	if r.was, err = r.look(ctx); err != nil {
		return false, err
	}
	if r.was.Digest != digest.String() {
		return false, r.notOlder(b.rel)
	}
	if to.Keyless || to.Key != "" || b.Env.Getenv(keyVariable) != "" {
		if done, err := hasStatement(ctx, registry, digest); err != nil || !done {
			return false, err
		}
	}
	b.out.Note(fmt.Sprintf("%s:%s is this index already: nothing to publish", repository, r.tag()))
	return true, nil
}

// hasStatement says whether there is a signed statement about a manifest. Not all
// registries know the type of what they list.
func hasStatement(ctx context.Context, registry *publish.Repository, digest v1.Hash) (bool, error) {
	listed, err := registry.Referrers(ctx, digest, "")
	if err != nil {
		return false, err
	}
	for _, d := range listed[:min(len(listed), maxBundles)] {
		if d.ArtifactType == attest.BundleType {
			return true, nil
		}
		raw, _, err := registry.Manifest(ctx, d.Digest.String())
		if err != nil {
			return false, err
		}
		var m v1.Manifest
		if json.Unmarshal(raw, &m) == nil && m.ArtifactType == attest.BundleType {
			return true, nil
		}
	}
	return false, nil
}

// aboutIndex are the artifacts about the index itself: the inputs, and that it is
// ours.
func (b *builder) aboutIndex(ctx context.Context, to Publication) (about []said, referrers []v1.Image, err error) {
	subject, err := partial.Descriptor(b.rel.Index)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the index: %w", err)
	}
	items, err := b.origin.inputs(ctx, b.Platforms)
	if err != nil {
		return nil, nil, fmt.Errorf("collecting the inputs: %w", err)
	}
	if referrers, err = bundle.Referrers(items, *subject); err != nil {
		return nil, nil, err
	}
	about = []said{{*subject, []attest.Document{attest.Signed()}}}
	if to.Keyless {
		return about, referrers, nil
	}
	key, err := SigningKey(ctx, b.Options, to.Key)
	if errors.Is(err, ErrNoKey) {
		b.out.Note("not signed: " + err.Error())
		return nil, referrers, nil
	}
	if err != nil {
		return nil, nil, err
	}
	statements, err := signed(about, key)
	return about, append(referrers, statements...), err
}
