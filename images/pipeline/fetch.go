package pipeline

import (
	"context"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Fetcher gets the pinned archives of a lock into the user's cache.
type Fetcher struct {
	Cache string // the folder
	store *store.Store
	env   Environment
	out   *progress.Output
}

// NewFetcher returns one for the cache that the environment names.
func NewFetcher(env Environment, out *progress.Output) (Fetcher, error) {
	cache, err := env.CacheDir()
	if err != nil {
		return Fetcher{}, err
	}
	s, err := store.Open(cache)
	return Fetcher{Cache: cache, store: s, env: env, out: out}, err
}

// Path is where an input is once it has been fetched.
func (f Fetcher) Path(in images.Input) string { return f.store.Path(store.Input{SHA256: in.SHA256}) }

// Fetch makes inputs present. Without one that is missing, no connection is opened, and
// nobody is asked for mirrors: apt takes longer to say which it has than all the rest of a
// build that has nothing to do.
func (f Fetcher) Fetch(ctx context.Context, list []images.Input) error {
	list = slices.DeleteFunc(slices.Clone(list), func(in images.Input) bool {
		return f.store.Verify(store.Input{Name: in.File, SHA256: in.SHA256, Size: in.Size}) == nil
	})
	if len(list) == 0 {
		return nil
	}
	m, err := findMirrors(ctx, f.env)
	if err != nil {
		return err
	}
	named, err := f.env.bundle()
	if err != nil {
		return err
	}
	var inputs []store.Input
	for _, in := range list {
		expanded := m.expand(in)
		if path, ok := named.Path(in.SHA256); ok {
			expanded.Places = append([]string{fileURL(path)}, expanded.Places...)
		}
		inputs = append(inputs, expanded)
	}
	return f.store.Fetch(ctx, inputs, store.Options{Progress: f.out})
}
