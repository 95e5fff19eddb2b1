package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Binary pins one binary package.
type Binary struct {
	Name    string
	Version string
	Input   images.Input
}

// Packages are the same packages in the newest version that a suite has for an
// architecture, such as amd64. None goes back: what is newer already stays as it is.
func (c Client) Packages(ctx context.Context, suite, arch string, before []Binary) ([]Binary, error) {
	release, err := c.release(ctx, suite)
	if err != nil {
		return nil, err
	}
	var listed []debian.Package
	err = c.list(ctx, suite, release, "main/binary-"+arch+"/Packages", func(r io.Reader) (err error) {
		listed, err = debian.ReadPackages(r, func(name string) bool {
			return slices.ContainsFunc(before, func(b Binary) bool { return b.Name == name })
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the packages of %s: %w", suite, err)
	}
	var now []Binary
	for _, b := range before {
		newest, err := c.newest(ctx, b, listed)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", b.Name, suite, err)
		}
		now = append(now, newest)
	}
	return now, nil
}

func (c Client) newest(ctx context.Context, before Binary, listed []debian.Package) (Binary, error) {
	now, there := before, false
	var pick debian.Package
	for _, p := range listed {
		if p.Name != before.Name {
			continue
		}
		there = true
		order, err := debian.Compare(p.Version, now.Version)
		if err != nil {
			return before, err
		}
		if order > 0 {
			pick, now.Version = p, p.Version
		}
	}
	if !there {
		return before, errors.New("the suite has it no more")
	}
	if now.Version == before.Version {
		return before, nil
	}
	var err error
	now.Input, err = c.deb(ctx, pick, before.Input)
	return now, err
}

// deb gets the file of a package, and pins it with the same kinds of places as the one
// before it.
func (c Client) deb(ctx context.Context, p debian.Package, before images.Input) (images.Input, error) {
	in := images.Input{File: path.Base(p.Path), SHA256: p.File.SHA256, Size: p.File.Size, Places: []string{"debian:" + escape(p.Path)}}
	get := store.Input{Name: in.File, SHA256: in.SHA256, Size: in.Size}
	for _, mirror := range c.Mirrors {
		get.Places = append(get.Places, join(mirror, escape(p.Path)))
	}
	if err := c.Store.Fetch(ctx, []store.Input{get}, store.Options{Progress: c.Progress}); err != nil {
		return before, err
	}
	sum, err := sha1Of(c.Store.Path(get))
	if err != nil {
		return before, err
	}
	for _, place := range before.Places {
		if bySHA1.MatchString(place) {
			in.Places = append(in.Places, bySHA1.ReplaceAllString(place, "/"+sum))
		}
	}
	return in, nil
}
