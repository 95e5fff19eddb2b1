package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Ready reports what this machine lacks to build the image and run it, before
// any work has started.
func Ready(ctx context.Context, o Options) error {
	definition, err := loadDefinition(o.Repository, o.Name)
	if err != nil {
		return err
	}
	if definition.Alpine == nil && o.Base != BaseAlpine {
		_, err = base.Host(ctx, nil)
	}
	return errors.Join(err, publish.DockerAvailable(ctx))
}

// rootsFolder is where root file systems to compile in are kept, below the cache.
const rootsFolder = "roots"

// Clean removes what builds leave: the images in dist, and from the cache what
// the packages put there that keep something. Whatever else is in those
// folders, for somebody may have pointed the cache at a folder of other
// things, stays.
func Clean(o Options) error {
	cache, err := o.Env.CacheDir()
	if err != nil {
		return err
	}
	names, err := definitions(o.Repository)
	if err != nil {
		return fmt.Errorf("looking for definitions: %w", err)
	}
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(o.Repository, "dist", name))
	}
	paths = append(paths, filepath.Join(o.Repository, sitesFolder))
	for _, name := range slices.Concat(store.Folders, compile.Folders, []string{rootsFolder, segmentsFolder, memoryFile}) {
		paths = append(paths, filepath.Join(cache, name))
	}
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
