package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/content"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// opened is an image that a person has named.
type opened struct {
	content.Index

	name       string // as it was named
	definition string // of which it is the last build, if it is one
	reference  string // by digest
	dir        string // of a layout
}

// open finds the image that a word means: the last build of a definition, an OCI
// layout, or an image in a registry.
func (o Options) open(ctx context.Context, word string, insecure bool, out *progress.Output) (opened, error) {
	if o.defines(word) {
		dir := filepath.Join(o.Repository, "dist", word, "oci")
		if !exists(dir) {
			return opened{}, fmt.Errorf("there is nothing at %s: run `mage build %s` first", dir, word)
		}
		found, err := openLayout(ctx, word, dir, "")
		found.definition = word
		return found, err
	}
	dir, digest, _ := strings.Cut(word, "@")
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return openLayout(ctx, word, dir, digest)
	}
	target, err := publish.ParseTarget(word)
	if err != nil {
		return opened{}, fmt.Errorf("it is no folder, and no %w", err)
	}
	registry, err := publish.Connect(ctx, target.Repository, publish.Options{
		Insecure: insecure, Keychain: authn.DefaultKeychain, Progress: out,
	})
	if err != nil {
		return opened{}, err
	}
	index, err := content.Open(ctx, registrySource{registry}, target.Reference())
	return opened{Index: index, name: word, reference: target.Repository + "@" + index.Descriptor.Digest.String()}, err
}

// defines reports whether a word is the name of a definition.
func (o Options) defines(word string) bool {
	return definitionName.MatchString(word) && exists(filepath.Join(o.Repository, "images", word+".yaml"))
}

func openLayout(ctx context.Context, name, dir, digest string) (opened, error) {
	layout, err := content.OpenLayout(dir)
	if err != nil {
		return opened{}, err
	}
	index, err := content.Open(ctx, layout, digest)
	return opened{Index: index, name: name, dir: dir, reference: dir + "@" + index.Descriptor.Digest.String()}, err
}

// images reads all of an image's platforms.
func (o opened) images(ctx context.Context) (map[string]*content.Image, error) {
	all := map[string]*content.Image{}
	for _, e := range o.Images {
		img, err := content.Read(ctx, o.Source, e, content.DefaultLimits)
		if err != nil {
			return nil, fmt.Errorf("reading %s for %s: %w", o.name, e.Platform, err)
		}
		all[e.Platform] = img
	}
	return all, nil
}

// registrySource is a repository of a registry to read images from. That something is not
// there, or is something else, is the image's fault, and not one of the way to it.
type registrySource struct{ *publish.Repository }

// Manifest reads a manifest or an index.
func (r registrySource) Manifest(ctx context.Context, reference string) ([]byte, v1.Descriptor, error) {
	raw, desc, err := r.Repository.Manifest(ctx, reference)
	return raw, desc, damage(err)
}

// Blob opens a blob.
func (r registrySource) Blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	blob, err := r.Repository.Blob(ctx, digest)
	return blob, damage(err)
}

func damage(err error) error {
	if errors.Is(err, publish.ErrMissing) || errors.Is(err, publish.ErrOtherBytes) {
		return fmt.Errorf("%w: %w", content.ErrDamaged, err)
	}
	return err
}
