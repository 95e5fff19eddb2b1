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
	"strings"
	"time"

	"github.com/magefile/mage/mg"
	"golang.org/x/term"

	"github.com/nginx-scratch/nginx-scratch/conf/lint"
	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/magefiles/words"
	"github.com/nginx-scratch/nginx-scratch/tests/run"
)

// Build makes an image (static, alpine or minimal; static if none is named),
// checks it, writes it to dist/IMAGE/oci and loads it into Docker. Its reference
// is all that goes to stdout, so that `docker run $(mage build)` works.
//
// -platform takes a list, such as linux/amd64,linux/arm64, or all, for images
// made of packages. -base is where static is compiled: alpine or host; without
// it, Alpine's packages if they can be had without waiting. -jobs is how many
// compilers run at once. With -keep, the folders in which components are
// compiled are left for a look.
func Build(ctx context.Context, image string, platform, base *string, jobs *int, keep *bool) error {
	o := options(image, platform)
	if base != nil {
		o.Base = *base
	}
	if jobs != nil {
		o.Jobs = *jobs
	}
	if keep != nil {
		o.Keep = *keep
	}
	return say(pipeline.Build(ctx, o))
}

// Test runs the unit tests, builds the image where it is not up to date, and
// runs the container tests against it. For static it then lets scanners read the
// image, and makes a repository of packages, without Alpine's mirrors, to test
// all that is made of packages.
func Test(ctx context.Context, image string) error {
	o := options(image, nil)
	if err := pipeline.Ready(ctx, o); err != nil {
		return err
	}
	tests := run.Options{Repository: ".", Env: os.Environ(), Output: os.Stderr}
	if err := run.Unit(ctx, tests); err != nil {
		return err
	}
	reference, err := pipeline.Build(ctx, o)
	if err != nil {
		return err
	}
	if err := run.Image(ctx, tests, run.Target{Image: reference, Definition: image}); err != nil || image != words.Default {
		return err
	}
	if err := run.Modules(ctx, tests, run.Nested...); err != nil {
		return err
	}
	return run.Packaged(ctx, tests)
}

// Lock resolves the packages of an image (alpine, minimal) or of the base
// against Alpine's signed indexes and pins them in images/IMAGE.lock.json. What
// is locked stays, unless -update asks for newer packages. -platform is as for
// build.
func Lock(ctx context.Context, image string, platform *string, update *bool) error {
	return say(pipeline.Lock(ctx, options(image, platform), update != nil && *update))
}

// Closure prints which files an image takes out of its packages, and which of
// them needs which; with -dot, for Graphviz. -platform names another platform
// than this machine's.
func Closure(ctx context.Context, image string, platform *string, dot *bool) error {
	return say(pipeline.Closure(ctx, options(image, platform), dot != nil && *dot))
}

// SBOM builds an image and prints what is in it: -format is spdx, cyclonedx or
// openvex, which is what is known of vulnerabilities that it does not have.
// -platform names another platform than this machine's.
func SBOM(ctx context.Context, image string, platform, format *string) error {
	how := "spdx"
	if format != nil {
		how = *format
	}
	return say(pipeline.SBOM(ctx, options(image, platform), how))
}

// Lint judges code and configurations.
type Lint mg.Namespace

// Aliases: `mage lint` is what reviews ask for.
var Aliases = map[string]any{"lint": Lint.Code}

// Code runs the pinned golangci-lint over the project. The first run compiles it.
func (Lint) Code(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=tests/tools/go.mod", "golangci-lint", "run", "./...")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// Conf judges a configuration for nginx, a file or folder of yours, by the
// rules of conf/lint. Errors make it fail. -format is text, json or sarif.
func (Lint) Conf(path string, format *string) error {
	how := "text"
	if format != nil {
		how = *format
	}
	return lint.Run(os.Stdout, path, how, os.DirFS("conf/nginx"))
}

// Clean removes the images and the cache: fetched inputs, compiled components.
func Clean() error {
	return pipeline.Clean(options("", nil))
}

// Env prints the environment variables that the targets read.
func Env() error {
	return options("", nil).Env.Print(os.Stdout)
}

// Mage's generated main reads os.Args right after this.
func init() { //nolint:gochecknoinits // there is no other place before mage's own main
	os.Args = append(os.Args[:1:1], words.Targets.Arguments(os.Args[1:])...)
}

func say(result string, err error) error {
	if err == nil {
		_, err = fmt.Fprintln(os.Stdout, strings.TrimSuffix(result, "\n"))
	}
	return err
}

func options(image string, platform *string) pipeline.Options {
	o := pipeline.Options{
		Repository: ".", Name: image, Jobs: runtime.NumCPU(),
		Env:    pipeline.Environment{Getenv: os.Getenv, UserCacheDir: os.UserCacheDir},
		Stderr: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Now: time.Now,
	}
	if platform != nil {
		o.Platforms = strings.Split(*platform, ",")
	}
	return o
}
