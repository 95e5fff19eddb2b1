// Package run runs the project's tests the way `mage test` does: unit tests of
// every package, then the container tests against one image.
package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
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

// containers is the package of the container tests, below the module's path.
const containers = "/tests"

// Unit runs the tests of every package but the container tests.
func Unit(ctx context.Context, o Options) error {
	packages, err := o.list(ctx)
	if err != nil {
		return err
	}
	packages = slices.DeleteFunc(packages, func(p string) bool { return strings.HasSuffix(p, containers) })
	if err := o.test(ctx, o.Env, packages...); err != nil {
		return fmt.Errorf("running the unit tests: %w", err)
	}
	return nil
}

// Image runs the container tests against an image that Docker has, such as
// nginx-scratch:static. They are never taken from Go's cache: their result
// depends on the engine.
func Image(ctx context.Context, o Options, image string) error {
	env := append(slices.Clone(o.Env), "NGINX_SCRATCH_IMAGE="+image)
	if err := o.test(ctx, env, "-count=1", "-parallel=4", "-timeout=20m", "."+containers); err != nil {
		return fmt.Errorf("running the container tests against %s: %w", image, err)
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
