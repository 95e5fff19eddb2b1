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
	"github.com/nginx-scratch/nginx-scratch/magefiles/ask"
	"github.com/nginx-scratch/nginx-scratch/magefiles/interrupts"
	"github.com/nginx-scratch/nginx-scratch/magefiles/words"
	"github.com/nginx-scratch/nginx-scratch/tests/run"
)

// Build makes an image (static, alpine or minimal; static if none is named),
// checks it, writes it to dist/IMAGE/oci and loads it into Docker. Its reference
// is all that goes to stdout, so that `docker run $(mage build)` works.
//
// -platform takes a list, such as linux/amd64,linux/arm64, or all; without it, the
// image is for this machine's. -base is where static is compiled: alpine or host; without
// it, Alpine's packages if they can be had without waiting. -inputs is where to
// look for inputs before a mirror is asked: an image that was published, or a
// bundle in a registry or a folder. -jobs is how many compilers run at once. With
// -keep, the folders in which components are compiled are left for a look.
func Build(ctx context.Context, image string, platform, base, inputs *string, jobs *int, keep *bool) error {
	o := options(image, platform)
	if base != nil {
		o.Base = *base
	}
	if inputs != nil {
		o.Inputs = *inputs
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
// runs the container tests against it. For static it then makes a repository of
// packages, without Alpine's mirrors, and tests all that is made of packages; runs
// the image for other platforms in an emulator; and lets programs of others read
// the image, scanners and cosign, which it compiles.
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
	if err := run.Packaged(ctx, tests); err != nil {
		return err
	}
	if err := run.Foreign(ctx, tests); err != nil {
		return err
	}
	return run.Nested(ctx, tests)
}

// Lock resolves the packages of an image (alpine, minimal) or of the base
// against Alpine's signed indexes and pins them in images/IMAGE.lock.json. What
// is locked stays, unless -update asks for newer packages. -platform is as for
// build. For static, -update looks in Debian's signed indexes for newer sources.
func Lock(ctx context.Context, image string, platform *string, update *bool) error {
	return say(pipeline.Lock(ctx, options(image, platform), update != nil && *update))
}

// Closure prints which files an image takes out of its packages, and which of
// them needs which; with -dot, for Graphviz. -platform names another platform
// than this machine's.
func Closure(ctx context.Context, image string, platform *string, dot *bool) error {
	return say(pipeline.Closure(ctx, options(image, platform), dot != nil && *dot))
}

// Publish puts the image that was built last into a registry, with its inputs,
// and prints its reference by digest. `mage publish registry.example.com/NAME`
// tags it with the version of nginx, with and without the date; a tag in the
// reference is then the only one. -image names another image than static.
// -latest and -nightly tag it so too. -insecure allows http. Log in with docker
// login. With -key, or a key in COSIGN_PRIVATE_KEY, what is published is signed;
// with -keyless, cosign signs it with the identity of a CI.
func Publish(ctx context.Context, reference string, image, key *string, latest, nightly, insecure, keyless *bool) error {
	return say(pipeline.Publish(ctx, options(value(image, words.Default), nil), pipeline.Publication{
		Reference: reference, Latest: value(latest, false), Nightly: value(nightly, false), Insecure: value(insecure, false),
		Key: value(key, ""), Keyless: value(keyless, false),
	}))
}

// Nightly looks for newer inputs, builds an image (-image; static if none is named)
// for every platform, and if it is another than REFERENCE:nightly, tests and
// publishes it as mage publish does; its reference is all that goes to stdout. A new
// lock is kept once the tests have passed. -dry-run says what would be published.
// -base is as for build; -key, -keyless and -insecure are as for publish.
func Nightly(ctx context.Context, reference string, image, base, key *string, dryRun, keyless, insecure *bool) error {
	o := options(value(image, words.Default), nil)
	o.Base = value(base, "")
	if err := pipeline.Ready(ctx, o); err != nil {
		return err
	}
	published, err := pipeline.Nightly(ctx, o, pipeline.Night{
		Publication: pipeline.Publication{
			Reference: reference, Insecure: value(insecure, false), Key: value(key, ""), Keyless: value(keyless, false),
		},
		DryRun: value(dryRun, false),
		Test: func(ctx context.Context, image string) error {
			tests := run.Options{Repository: ".", Env: os.Environ(), Output: os.Stderr}
			err := run.Image(ctx, tests, run.Target{Image: image, Definition: o.Name})
			if err != nil || o.Name != words.Default {
				return err
			}
			return run.Foreign(ctx, tests)
		},
		Differences: func(ctx context.Context, published, layout string) (string, error) {
			return pipeline.Diff(ctx, o, pipeline.DiffOptions{
				Before: published, After: layout, Format: "markdown", Insecure: value(insecure, false),
			})
		},
	})
	if published == "" {
		return err
	}
	return say(published, err)
}

// Join makes one index of images for different platforms that were published from
// different machines, and publishes it as mage publish does. -from names their tags
// or digests in the same repository, with commas in between. With -nightly, one that
// is there already is left as it is.
func Join(ctx context.Context, reference string, from, image, key *string, latest, nightly, keyless, insecure *bool) error {
	j := pipeline.Joint{Publication: pipeline.Publication{
		Reference: reference, Latest: value(latest, false), Nightly: value(nightly, false), Insecure: value(insecure, false),
		Key: value(key, ""), Keyless: value(keyless, false),
	}}
	if from != nil {
		j.Images = strings.Split(*from, ",")
	}
	joined, err := pipeline.Join(ctx, options(value(image, words.Default), nil), j)
	if joined == "" {
		return err
	}
	return say(joined, err)
}

// Verify builds an image again, from nothing, elsewhere and under other circumstances, and
// holds the last build and images/IMAGE.digests against it (static if none is named).
// -quick lets it use what was compiled before, -update writes the digests down.
//
// `mage verify REFERENCE` holds an image, in a registry or an OCI layout, against what its
// maker has signed: -key is a file with their public key, -builder and -source are who must
// have built it and from which repository, and with -rebuild it is built again here too.
// The exit code is 2 if something is not as it should be, and 3 if there is nothing to
// hold it against; the reference by digest goes to stdout only if all is well.
func Verify(ctx context.Context, what string, key, builder, source *string, rebuild, quick, update, insecure *bool) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return say(pipeline.Verify(ctx, options("", nil), what, pipeline.VerifyOptions{
		Key: value(key, ""), Builder: value(builder, ""), Source: value(source, ""),
		Rebuild: value(rebuild, false), Insecure: value(insecure, false), Update: value(update, false),
		Rebuilding: pipeline.Rebuilding{Program: program, Environ: os.Environ(), Quick: value(quick, false)},
	}))
}

// Diff prints how two images differ: components, CVEs fixed, configuration, files, and of
// files the first bytes and the sections of programs. Each is an image that was built here,
// such as static, an OCI layout or a reference. -format is text, json or markdown; with
// -exit-code, it ends with 2 if they differ.
func Diff(ctx context.Context, before, after string, format *string, exitCode, insecure *bool) error {
	text, err := pipeline.Diff(ctx, options("", nil), pipeline.DiffOptions{
		Before: before, After: after, Format: value(format, "text"), ExitCode: value(exitCode, false), Insecure: value(insecure, false),
	})
	if text != "" { // whatever the exit code is to be
		if _, err := fmt.Fprint(os.Stdout, text); err != nil {
			return err
		}
	}
	return err
}

// Keygen makes a pair of keys to sign images with, PREFIX.key and PREFIX.pub, in
// cosign's form; PREFIX is cosign if none is named. The first is encrypted with
// COSIGN_PASSWORD, or with a password that is asked for. Nothing is overwritten.
func Keygen(ctx context.Context, prefix string) error {
	return say(pipeline.Keygen(ctx, options("", nil), prefix))
}

// Run builds an image where it is not up to date, and runs it in Docker with every lock
// on until Ctrl-C: stdout gets its address, stderr what nginx logs. -port is of
// 127.0.0.1; without it, a free one. -site, -conf and -templates are folders that take
// the place of the image's pages, conf.d and templates, read-only; -env is a file of
// lines NAME=value.
func Run(ctx context.Context, image string, site, conf, templates, env *string, port *int) error {
	r := pipeline.RunOptions{
		Site: value(site, ""), Conf: value(conf, ""), Templates: value(templates, ""), EnvFile: value(env, ""),
		Interrupts: interrupts.Take, Stdout: os.Stdout,
	}
	if port != nil {
		r.Port = *port
	}
	return pipeline.Run(ctx, options(image, nil), r)
}

// Site makes an image of a folder of files on top of -image (static if none is
// named), which is built where it is not up to date: the files take the place of the
// default pages, with compressed forms beside them, and those of the folder -conf that
// of conf.d, linted and tried by nginx first. It goes to dist/site and into Docker as
// -tag, nginx-scratch:site-FOLDER if there is none. -platform is as for build; without
// it, the platforms that the image was built for.
func Site(ctx context.Context, path string, image, conf, tag, platform *string) error {
	o := options(value(image, words.Default), platform)
	return say(pipeline.Site(ctx, o, pipeline.SiteOptions{Dir: path, Conf: value(conf, ""), Tag: value(tag, "")}))
}

// Bench builds static where it is not up to date, and measures it against nginx as Debian
// packages it: the same release, and the newest. It takes about twelve minutes, with -quick two.
// A table goes to stdout, dist/bench/report.html has plots and report.json every sample.
// -image names more images of Docker's to measure, with commas in between, and -works
// only some of the works. -table prints what the last one has found, in Markdown.
func Bench(ctx context.Context, image, works *string, quick, table *bool) error {
	o := options(words.Default, nil)
	args := []string{"-works=" + value(works, "")}
	if value(table, false) {
		args = append(args, "-table")
	} else {
		if err := pipeline.Ready(ctx, o); err != nil {
			return err
		}
		images, err := pipeline.Build(ctx, o)
		if err != nil {
			return err
		}
		if more := value(image, ""); more != "" {
			images += "," + more
		}
		args = append(args, "-images="+images, fmt.Sprintf("-quick=%v", value(quick, false)))
	}
	ctx, _ = interrupts.Take(ctx)
	return say(run.Bench(ctx, run.Options{Repository: ".", Env: os.Environ(), Output: os.Stderr}, args...))
}

// SBOM builds an image and prints what is in it: -format is spdx, cyclonedx or
// openvex, which is what is known of vulnerabilities that it does not have.
// -platform names another platform than this machine's.
func SBOM(ctx context.Context, image string, platform, format *string) error {
	return say(pipeline.SBOM(ctx, options(image, platform), value(format, "spdx")))
}

// Size builds an image and prints where each byte of it goes: by component, section, source
// file and symbol. dist/IMAGE/size.html has it as a picture, size.json for programs.
// -against is what to compare it with: such a file, or an image as for diff, which -insecure
// reads by http. -platform is as for build.
func Size(ctx context.Context, image string, platform, against *string, insecure *bool) error {
	return say(pipeline.Size(ctx, options(image, platform), pipeline.SizeOptions{
		Against: value(against, ""), Insecure: value(insecure, false),
	}))
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

// Clean removes the images and the cache: fetched inputs, compiled components,
// compressed programs.
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

// value is that of a flag, or what it is when the flag is not given.
func value[T any](flag *T, unset T) T {
	if flag == nil {
		return unset
	}
	return *flag
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
		Env:    pipeline.Environment{Getenv: os.Getenv, LookupEnv: os.LookupEnv, UserCacheDir: os.UserCacheDir},
		Stderr: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Now: time.Now,
		Ask: ask.Terminal{In: os.Stdin, Out: os.Stderr}.Secret,
	}
	if platform != nil {
		o.Platforms = strings.Split(*platform, ",")
	}
	return o
}
