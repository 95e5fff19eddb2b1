package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Rebuilding is how an image is made a second time.
type Rebuilding struct {
	Program string   // runs the project's targets
	Environ []string // of this process
	Quick   bool     // what the cache has compiled is good enough
}

const (
	// elsewhereFolder is where second builds are made, below the cache: what was
	// fetched can be linked there.
	elsewhereFolder = "elsewhere"
	heldFile        = "held"
)

// again is an image that was made a second time, in a folder that is gone when it is
// closed.
type again struct {
	Options
	dir  string
	held *flock.Flock
	opened
	made attest.Made
}

// elsewhere builds an image from nothing in a process of its own: in another folder,
// with another cache, umask, time zone, locale, user name and number of jobs. All that
// both builds share is what was fetched, which is verified by its hash.
func (o Options) elsewhere(ctx context.Context, how Rebuilding, out *progress.Output) (*again, error) {
	cache, err := o.Env.CacheDir()
	if err != nil {
		return nil, err
	}
	a := &again{Options: o}
	if err := a.hold(filepath.Join(cache, elsewhereFolder)); err != nil {
		return nil, fmt.Errorf("making a place for a second build: %w", err)
	}
	a.Repository = filepath.Join(a.dir, "a folder with spaces")
	if err := a.build(ctx, o, how, cache, out); err != nil {
		a.close(&err)
		return nil, err
	}
	return a, nil
}

func (a *again) build(ctx context.Context, first Options, how Rebuilding, cache string, out *progress.Output) error {
	if err := a.checkout(first.Repository); err != nil {
		return fmt.Errorf("copying the checkout: %w", err)
	}
	if !how.Quick {
		cache = filepath.Join(a.dir, "cache")
		if err := first.share(ctx, cache, out); err != nil {
			return fmt.Errorf("sharing what was fetched: %w", err)
		}
	}
	task := out.Start("building "+a.Name+" again, elsewhere", 0)
	err := a.run(ctx, how, cache)
	task.Done(err)
	if err != nil {
		return err
	}
	return a.read(ctx)
}

// hold makes the folder, after it has removed those that killed processes have left.
func (a *again) hold(parent string) (err error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	// Nobody may take a folder for left whose file is not held yet.
	one := flock.New(parent + ".lock")
	if err := one.Lock(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, one.Close()) }()
	left, err := filepath.Glob(filepath.Join(parent, "*", heldFile))
	if err != nil {
		return err
	}
	for _, name := range left {
		lock := flock.New(name)
		if free, err := lock.TryLock(); err != nil || !free {
			continue // somebody is at work there, or has just removed it
		}
		if err := errors.Join(os.RemoveAll(filepath.Dir(name)), lock.Close()); err != nil {
			return err
		}
	}
	if a.dir, err = os.MkdirTemp(parent, ""); err != nil {
		return err
	}
	a.held = flock.New(filepath.Join(a.dir, heldFile))
	return a.held.Lock()
}

// close removes the folder. What err was stays what it is, unless that fails.
func (a *again) close(err *error) {
	if problem := errors.Join(os.RemoveAll(a.dir), a.held.Close()); problem != nil {
		*err = errors.Join(*err, fmt.Errorf("removing %s: %w", a.dir, problem))
	}
}

// checkout copies what a build reads.
func (a *again) checkout(from string) error {
	definition, err := loadDefinition(from, a.Name)
	if err != nil {
		return err
	}
	files, err := fs.Glob(os.DirFS(from), "images/*.*")
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, ".go") })
	for _, m := range definition.Config {
		files = append(files, m.From)
	}
	for _, name := range files {
		err := fs.WalkDir(os.DirFS(from), name, func(name string, d fs.DirEntry, err error) error {
			to := filepath.Join(a.Repository, filepath.FromSlash(name))
			switch {
			case err != nil:
				return err
			case d.IsDir():
				return os.MkdirAll(to, 0o755)
			case !d.Type().IsRegular():
				return fmt.Errorf("%s is no regular file", name)
			}
			data, err := os.ReadFile(filepath.Join(from, filepath.FromSlash(name)))
			return errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, 0o600))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// share links what was fetched for the image, and for the base, into another cache.
func (o Options) share(ctx context.Context, cache string, out *progress.Output) error {
	fetcher, err := NewFetcher(o.Env, out)
	if err != nil {
		return err
	}
	to, err := store.Open(cache)
	if err != nil {
		return err
	}
	b := builder{Options: o, out: out}
	if err := b.load(ctx); err != nil {
		return err
	}
	all := b.wanted()
	if b.definition.Alpine == nil && o.Base == BaseAlpine {
		_, want, err := b.lockedBase()
		if err != nil {
			return err
		}
		for _, p := range want.Packages {
			all = append(all, store.Input{Name: p.File(), SHA256: p.SHA256, Size: p.Size})
		}
	}
	for _, in := range all {
		target := to.Path(in)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		err := os.Link(fetcher.store.Path(in), target)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
