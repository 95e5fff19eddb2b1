package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// Publication is where to publish, and under which names.
type Publication struct {
	Reference string // registry.example.com/nginx-scratch; with a tag, that is the only one
	Latest    bool   // also as latest
	Nightly   bool   // also as nightly
	Insecure  bool   // http is good enough
	Key       string // to sign with: a file, env://VARIABLE, or empty for COSIGN_PRIVATE_KEY
	Keyless   bool   // have cosign sign, with the identity that this machine has
}

// Publish puts the image that was built last into a registry, with all platforms
// and what refers to it, its inputs among that. Nothing is compiled here: what
// is tested is what is published. The reference has the digest of the index.
func Publish(ctx context.Context, o Options, to Publication) (reference string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	o.ImageName = cmp.Or(o.ImageName, project)
	b := builder{Options: o, out: out}
	target, err := publish.ParseTarget(to.Reference)
	if err != nil {
		return "", err
	}
	if target.Digest != "" {
		return "", fmt.Errorf("reference %q has a digest: the image gives that, name a tag or nothing", to.Reference)
	}
	if err := b.built(ctx); err != nil {
		return "", err
	}
	tags, err := b.tags(target, to)
	if err != nil {
		return "", err
	}
	registry, err := publish.Connect(ctx, target.Repository, publish.Options{
		Push: true, Insecure: to.Insecure, Keychain: authn.DefaultKeychain, Progress: out,
	})
	if err != nil {
		return "", unpublished(ctx, err)
	}
	all, referrers, err := b.referrers(ctx, to)
	if err != nil {
		return "", unpublished(ctx, err)
	}
	return b.push(ctx, registry, target.Repository, publish.Publication{Index: b.rel.Index, Referrers: referrers, Tags: tags}, to.Keyless, all)
}

// push publishes, has cosign sign what is said where there is no key, and gives the
// reference by digest.
func (b *builder) push(ctx context.Context, registry *publish.Repository, repository string, p publish.Publication, keyless bool, all []said) (string, error) {
	digest, err := registry.Publish(ctx, p)
	if err == nil && keyless {
		err = b.signWithout(ctx, repository, all)
	}
	if err != nil {
		return "", unpublished(ctx, err)
	}
	return repository + "@" + digest.String(), nil
}

// unpublished says what a person who pressed Ctrl-C wants to know.
func unpublished(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("interrupted; tags lead to what is complete, and the next run goes on from there: %w", err)
}

// built opens what Build has written, and finds its definition and lock.
func (b *builder) built(ctx context.Context) error {
	definition, err := loadDefinition(b.Repository, b.Name)
	if err != nil {
		return err
	}
	command := "mage build " + b.Name
	if definition.Alpine == nil {
		command += " -base " + BaseAlpine + "` or `" + command + " -base " + BaseHost
	}
	if b.rel, err = release.Open(b.layout()); err != nil {
		if errors.Is(err, fs.ErrNotExist) && !exists(b.layout()) {
			return fmt.Errorf("there is nothing to publish at %s: run `%s` first", b.layout(), command)
		}
		return fmt.Errorf("%w\nrun `%s` again", err, command)
	}
	index, err := b.rel.Index.IndexManifest()
	if err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	for _, entry := range index.Manifests {
		b.Platforms = append(b.Platforms, entry.Platform.String())
	}
	if err := b.load(ctx); err != nil {
		return err
	}
	b.chooseOrigin()
	for _, entry := range index.Manifests {
		if err := b.matches(entry); err != nil {
			return fmt.Errorf("%s is not what %s says now: %w: run `%s` again", b.layout(), lockFile(b.Name), err, command)
		}
	}
	return nil
}

// matches refuses an image that was built with another lock: its inputs would
// be those of another image.
func (b *builder) matches(entry v1.Descriptor) error {
	img, err := b.rel.Index.Image(entry.Digest)
	if err != nil {
		return err
	}
	m, err := img.Manifest()
	if err != nil {
		return err
	}
	now, err := b.config(entry.Platform.String())
	if err != nil {
		return err
	}
	for _, name := range []string{"version", "revision", "created"} {
		key := "org.opencontainers.image." + name
		if got, want := m.Annotations[key], now.Labels[key]; got != want {
			return fmt.Errorf("the %s of the image for %s is %q, not %q", name, entry.Platform, got, want)
		}
	}
	return nil
}

// tags are those that the image gets.
func (b *builder) tags(target publish.Target, to Publication) ([]string, error) {
	if target.Tag != "" {
		if to.Latest || to.Nightly {
			return nil, fmt.Errorf("reference %q has a tag, and then there is no other: leave it out, or -latest and -nightly", to.Reference)
		}
		return []string{target.Tag}, nil
	}
	n := publish.Naming{Date: b.Now(), Latest: to.Latest, Nightly: to.Nightly}
	if b.Name != defaultName {
		n.Variant = b.rel.Tag
	}
	for i, platform := range b.Platforms {
		version, _ := b.origin.version(platform)
		if i > 0 && version != n.Version {
			return nil, fmt.Errorf("the images have different versions of nginx, %s and %s: name a tag", n.Version, version)
		}
		n.Version = version
	}
	return n.Tags()
}

// defaultName is the image whose tags do not say which it is.
const defaultName = "static"

// referrers are what is published about the image: its inputs, and where there is
// a key, what is said of it.
func (b *builder) referrers(ctx context.Context, to Publication) (all []said, referrers []v1.Image, err error) {
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
	if to.Keyless {
		all, err = b.said(*subject)
		return all, referrers, err
	}
	key, err := SigningKey(ctx, b.Options, to.Key)
	if errors.Is(err, ErrNoKey) {
		b.out.Note("not signed, and so without its documents: " + err.Error())
		return nil, referrers, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if all, err = b.said(*subject); err != nil {
		return nil, nil, err
	}
	statements, err := signed(all, key)
	return all, append(referrers, statements...), err
}
