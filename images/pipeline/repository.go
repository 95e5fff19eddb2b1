package pipeline

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/repository"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// inputsFolder is where a build keeps the inputs it used, below dist/NAME.
const inputsFolder = "inputs.oci"

// repository is the client for the packages of a definition.
func (o Options) repository(d images.Definition, out *progress.Output) (repository.Client, error) {
	c := repository.Client{Alpine: *d.Alpine, Mirror: d.Alpine.Mirror, KeysFrom: []string{d.Alpine.KeysFrom}, Progress: out}
	if mirror := o.Env.Getenv(alpineVariable); mirror != "" {
		if !isBase(mirror) {
			return c, badBase(alpineVariable, mirror)
		}
		c.Mirror = mirror
	}
	if folder := o.Env.Getenv(keysVariable); folder != "" {
		if !filepath.IsAbs(folder) {
			return c, fmt.Errorf("%s is %q: it must be an absolute path", keysVariable, folder)
		}
		c.KeysFrom = []string{fileURL(folder)}
	}
	cache, err := o.Env.CacheDir()
	if err != nil {
		return c, err
	}
	if c.Store, err = store.Open(cache); err != nil {
		return c, err
	}
	c.Near, err = o.bundles(d.Name, out)
	return c, err
}

// bundles looks for packages where earlier builds, or somebody else's, have
// kept them.
func (o Options) bundles(name string, out *progress.Output) (func(sha256 string) []string, error) {
	folder, err := filepath.Abs(filepath.Join(o.Repository, "dist", name, inputsFolder))
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", inputsFolder, err)
	}
	var opened []*bundle.Bundle
	if b, err := bundle.Open(folder); err == nil {
		opened = append(opened, b)
	} else if exists(folder) {
		out.Note(fmt.Sprintf("not used: %v", err))
	}
	named, err := o.Env.bundle()
	if err != nil {
		return nil, err
	}
	opened = append(opened, named)
	return func(sha256 string) (places []string) {
		for _, b := range opened {
			if path, ok := b.Path(sha256); ok {
				places = append(places, fileURL(path))
			}
		}
		return places
	}, nil
}

// bundle opens the one that the environment names. Without, it is empty.
func (e Environment) bundle() (*bundle.Bundle, error) {
	folder := e.Getenv(bundleVariable)
	if folder == "" {
		return &bundle.Bundle{}, nil
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bundleVariable, err)
	}
	b, err := bundle.Open(folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bundleVariable, err)
	}
	return b, nil
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// inputs are the packages of the lock for some platforms.
func (o *packaged) inputs(ctx context.Context, platforms []string) ([]bundle.Item, error) {
	if err := o.prepare(ctx, platforms); err != nil {
		return nil, err
	}
	return o.items(platforms), nil
}

func (o *packaged) items(platforms []string) (items []bundle.Item) {
	for _, p := range o.lock.Alpine.Platforms {
		if !slices.Contains(platforms, p.Platform) {
			continue
		}
		for _, l := range p.Packages {
			items = append(items, bundle.Item{
				Name: l.File(), SHA256: l.SHA256, Size: l.Size, Path: o.client.Path(l), Platform: p.Platform,
			})
		}
	}
	return items
}

// keep writes the packages of the lock that the store has to a bundle: all of
// those used now, and those of other platforms that were used before.
func (o *packaged) keep() error {
	var platforms []string
	for _, p := range o.lock.Alpine.Platforms {
		if o.client.Has(p) {
			platforms = append(platforms, p.Platform)
		}
	}
	return o.keepItems(o.items(platforms))
}

// keepItems writes inputs to a bundle beside the image.
func (b *builder) keepItems(items []bundle.Item) error {
	return bundle.Write(filepath.Join(b.dist(), inputsFolder), b.ImageName, tag(b.definition)+"-inputs", items)
}
