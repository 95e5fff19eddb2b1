package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// environment is what this process was started with.
func environment() pipeline.Environment {
	return pipeline.Environment{Getenv: os.Getenv, LookupEnv: os.LookupEnv, UserCacheDir: os.UserCacheDir}
}

// alone waits until no other bench runs: two would measure each other, and each would take
// the other's containers for leftovers. Then it gives an empty folder to work in, which
// release removes. The lock ends with the process; what a process leaves that was killed,
// the next one removes.
func alone(ctx context.Context) (dir string, release func() error, err error) {
	cache, err := environment().CacheDir()
	if err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", nil, fmt.Errorf("creating the cache directory: %w", err)
	}
	dir = filepath.Join(cache, "bench")
	lock := flock.New(dir + ".lock")
	got, err := lock.TryLock()
	if err == nil && !got {
		sayf("Waiting for another bench to end: two would measure each other.")
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return "", nil, fmt.Errorf("locking %s: %w", lock.Path(), err)
	}
	release = func() error { return errors.Join(os.RemoveAll(dir), lock.Unlock()) }
	if err := errors.Join(server.RemoveLeftovers(ctx), os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		return "", nil, errors.Join(fmt.Errorf("removing what another bench has left: %w", err), release())
	}
	return dir, release, nil
}
