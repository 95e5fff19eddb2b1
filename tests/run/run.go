// Package run runs the project's tests the way `mage test` does: unit tests of
// every package, then the container tests against one image, the whole path
// from packages to containers, and the image for other platforms.
package run

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options say where to run and where the tests' output goes.
type Options struct {
	Repository string
	Env        []string // as os.Environ has it
	Output     io.Writer
}

// patience is how long tests may take to clean up after an interrupt.
const patience = 60 * time.Second

// The packages of the tests that need an engine, below the module's path.
const (
	containers = "/tests"         // of one image
	packaged   = "/tests/alpine"  // from a repository of packages to images
	foreign    = "/tests/foreign" // of the image for other platforms
)

// bench is the program that measures images against others, below the module's path.
const bench = "/tests/bench"

// Unit runs the tests of every package but those that need an engine.
func Unit(ctx context.Context, o Options) error {
	packages, err := o.list(ctx)
	if err != nil {
		return err
	}
	packages = slices.DeleteFunc(packages, func(p string) bool {
		return strings.HasSuffix(p, containers) || strings.HasSuffix(p, packaged) || strings.HasSuffix(p, foreign)
	})
	if err := o.test(ctx, o.Env, packages...); err != nil {
		return fmt.Errorf("running the unit tests: %w", err)
	}
	return nil
}

// Packaged makes a repository of packages, and runs the tests of all that is
// made of it. The first run compiles for minutes.
func Packaged(ctx context.Context, o Options) error {
	if err := o.test(ctx, o.Env, "-count=1", "-timeout=60m", "."+packaged); err != nil {
		return fmt.Errorf("running the tests of packages: %w", err)
	}
	return nil
}

// Foreign builds static for the platforms that this machine is not, and runs the
// tests of that. The first run compiles for minutes.
func Foreign(ctx context.Context, o Options) error {
	if err := o.test(ctx, o.Env, "-count=1", "-timeout=60m", "."+foreign); err != nil {
		return fmt.Errorf("running the tests of other platforms: %w", err)
	}
	return nil
}

// nested are the folders of tests that are modules of their own, for what they
// need of others is not to be in the module of the project.
var nested = []string{"tests/policy", "tests/cosign", "tests/scanners", "tests/workflows"}

// Nested runs the tests of each nested module, on what the last build has left in
// dist. They are never taken from Go's cache, which does not see that they compile
// the project's programs. The first run compiles those of others for minutes.
func Nested(ctx context.Context, o Options) error {
	repository, err := filepath.Abs(o.Repository)
	if err != nil {
		return fmt.Errorf("finding the repository: %w", err)
	}
	env := append(slices.Clone(o.Env), "NGINX_SCRATCH_REPOSITORY="+repository)
	for _, folder := range nested {
		module := o
		module.Repository = filepath.Join(repository, filepath.FromSlash(folder))
		if err := module.test(ctx, env, "-count=1", "-timeout=60m", "./..."); err != nil {
			return fmt.Errorf("running the tests of %s: %w", folder, err)
		}
	}
	return nil
}

// Bench builds the bench and runs it with these arguments, in the repository. What it
// prints is returned, and the report that it writes is in the repository's dist/bench.
func Bench(ctx context.Context, o Options, args ...string) (text string, err error) {
	dir, err := os.MkdirTemp("", "nginx-scratch-bench-")
	if err != nil {
		return "", fmt.Errorf("building the bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program := filepath.Join(dir, "bench")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "."+bench)
	build.Dir, build.Env = o.Repository, o.Env
	build.Stdout, build.Stderr = o.Output, o.Output
	if err := build.Run(); ctx.Err() != nil {
		return "", context.Cause(ctx)
	} else if err != nil {
		return "", fmt.Errorf("building the bench: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"-out", filepath.Join("dist", "bench")}, args...)...)
	cmd.Dir, cmd.Env = o.Repository, o.Env
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, o.Output
	// Killed, it would leave containers; interrupted, it removes them.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", fmt.Errorf("running the bench: %w", err)
	}
	return printed.String(), nil
}

// A Target is an image for the container tests.
type Target struct {
	Image      string // a reference that Docker has, such as nginx-scratch:static
	Definition string // what it was made of, such as static
	// Repository is the folder with the definition and the configuration that it
	// was made of. Empty is that of the Options.
	Repository string
}

// Image runs the container tests against an image. They are never taken from
// Go's cache: their result depends on the engine.
func Image(ctx context.Context, o Options, target Target) error {
	// The tests run in a folder of their own.
	repository, err := filepath.Abs(cmp.Or(target.Repository, o.Repository))
	if err != nil {
		return fmt.Errorf("finding the repository of %s: %w", target.Image, err)
	}
	env := append(slices.Clone(o.Env), "NGINX_SCRATCH_IMAGE="+target.Image,
		"NGINX_SCRATCH_DEFINITION="+target.Definition, "NGINX_SCRATCH_REPOSITORY="+repository)
	if err := o.test(ctx, env, "-count=1", "-parallel=4", "-timeout=20m", "."+containers); err != nil {
		return fmt.Errorf("running the container tests against %s: %w", target.Image, err)
	}
	return nil
}

func (o Options) list(ctx context.Context) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "./...")
	cmd.Dir, cmd.Env = o.Repository, o.Env
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages: %w: %s", err, bytes.TrimSpace(problems.Bytes()))
	}
	return strings.Fields(string(out)), nil
}

func (o Options) test(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test"}, args...)...)
	cmd.Dir, cmd.Env = o.Repository, env
	cmd.Stdout, cmd.Stderr = o.Output, o.Output
	// Tests that are killed leave containers; interrupted, they remove them.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	err := cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
