package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// Ready reports what this machine lacks to build the image and run it, before
// any work has started.
func Ready(ctx context.Context) error {
	_, err := base.Host(ctx)
	return errors.Join(err, publish.DockerAvailable(ctx))
}

// Clean removes what builds leave: the image in dist, and from the cache what
// the store and the compiler put there. Whatever else is in those folders, for
// somebody may have pointed the cache at a folder of other things, stays.
func Clean(o Options) error {
	cache, err := o.Env.CacheDir()
	if err != nil {
		return err
	}
	paths := []string{filepath.Join(o.Repository, "dist", o.Name)}
	for _, name := range []string{"inputs", "partial", "components", "work", "work.lock", "logs", "kept"} {
		paths = append(paths, filepath.Join(cache, name))
	}
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
	}
	return nil
}
