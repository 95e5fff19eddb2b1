package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
)

// environment is what this process was started with.
func environment() pipeline.Environment {
	return pipeline.Environment{Getenv: os.Getenv, LookupEnv: os.LookupEnv, UserCacheDir: os.UserCacheDir}
}

// alone waits until no other bench runs: two would measure each other, and each would take
// the other's containers for leftovers. The lock ends with the process.
func alone(ctx context.Context) (release func() error, err error) {
	dir, err := environment().CacheDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("creating the cache directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "bench.lock"))
	got, err := lock.TryLock()
	if err == nil && !got {
		sayf("Waiting for another bench to end: two would measure each other.")
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", lock.Path(), err)
	}
	return lock.Unlock, nil
}
