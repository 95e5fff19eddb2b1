package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"github.com/nginx-scratch/nginx-scratch/images/follow"
	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/peers"
)

// lockFile is the lock of the peers in the folder of the project.
const lockFile = "tests/bench/peers/peers.lock.json"

// update pins the newest packages that the peers' suites have, vouched for as the sources
// of static are.
func update(ctx context.Context) error {
	lock, err := peers.Committed()
	if err != nil {
		return err
	}
	out := progress.New(os.Stderr, false, time.Now)
	defer out.Close()
	o := pipeline.Options{Repository: ".", Name: "static", Env: environment(), Now: time.Now}
	var problems []error
	for i, p := range lock.Peers {
		var before []follow.Binary
		for _, k := range p.Packages {
			before = append(before, follow.Binary{Name: k.Name, Version: k.Version, Input: k.Input})
		}
		now, err := pipeline.DebianPackages(ctx, o, p.Suite, path.Base(lock.Platform), before, out)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s stays as it is: %w", p.Name, err))
			continue
		}
		for j, b := range now {
			if b.Version != before[j].Version {
				out.Note(fmt.Sprintf("%s: %s %s -> %s", p.Name, b.Name, before[j].Version, b.Version))
			}
			lock.Peers[i].Packages[j] = peers.Package{Name: b.Name, Version: b.Version, Input: b.Input}
		}
	}
	var text bytes.Buffer
	if err := lock.Encode(&text); err != nil {
		return err
	}
	err = renameio.WriteFile(lockFile, text.Bytes(), 0o644, renameio.IgnoreUmask(), renameio.WithTempDir(filepath.Dir(lockFile)))
	if err != nil {
		problems = append(problems, fmt.Errorf("writing %s: %w", lockFile, err))
	}
	return errors.Join(problems...)
}
