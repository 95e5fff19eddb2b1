//go:build mage

// The targets of nginx-scratch. Each parses its flags, calls one function and
// prints the result; what they do is in images/pipeline and tests/run.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/term"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/tests/run"
)

// Build compiles, checks and assembles the image, writes it to dist/static/oci
// and loads it into Docker. Its reference is all that goes to stdout, so that
// `docker run $(mage build)` works. With -keep, the folders in which components
// are compiled are left for a look; -jobs is how many compilers run at once.
func Build(ctx context.Context, keep *bool, jobs *int) error {
	o := options()
	if keep != nil {
		o.Keep = *keep
	}
	if jobs != nil {
		o.Jobs = *jobs
	}
	reference, err := pipeline.Build(ctx, o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(os.Stdout, reference)
	return err
}

// Test runs the unit tests, builds the image where it is not up to date, and
// runs the container tests against it.
func Test(ctx context.Context) error {
	if err := pipeline.Ready(ctx); err != nil {
		return err
	}
	tests := run.Options{Repository: ".", Env: os.Environ(), Output: os.Stderr}
	if err := run.Unit(ctx, tests); err != nil {
		return err
	}
	image, err := pipeline.Build(ctx, options())
	if err != nil {
		return err
	}
	return run.Image(ctx, tests, image)
}

// Lint runs the pinned golangci-lint over the project. The first run compiles it.
func Lint(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=tests/tools/go.mod", "golangci-lint", "run", "./...")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// Clean removes the image and the cache: fetched inputs, compiled components.
func Clean() error {
	return pipeline.Clean(options())
}

// Env prints the environment variables that the targets read.
func Env() error {
	return options().Env.Print(os.Stdout)
}

func options() pipeline.Options {
	return pipeline.Options{
		Repository: ".", Name: "static", Arch: runtime.GOARCH, Jobs: runtime.NumCPU(),
		Env:    pipeline.Environment{Getenv: os.Getenv, UserCacheDir: os.UserCacheDir},
		Stderr: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Now: time.Now,
	}
}
