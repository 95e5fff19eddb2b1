// Package check refuses an image that must not ship. It is a registry of named
// checks; each says what it protects and what to do when it fails.
package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// ErrSkipped is wrapped by the error of a check that could not judge on this
// machine. It is neither passed nor failed, and a report shows it.
var ErrSkipped = errors.New("not judged")

// Budgets are the sizes that an image must stay under, in bytes. Zero allows
// nothing.
type Budgets struct {
	Disk       int64 // content of all files, which is what Docker reports
	Compressed int64 // layers as they are in a registry
}

// A Subject is one image, for one platform, and what is asked of it.
type Subject struct {
	Profile Profile
	Tree    *tree.Tree
	Image   v1.Image // made from Tree
	Budgets Budgets
	// Paths are patterns of every file that may be in the image, relative like
	// the paths of a tree: path.Match syntax, and a last element ** for all that
	// is below a directory. They allow the directories on the way too. Without
	// any, a Debug image may hold whatever it likes, and others nothing.
	Paths []string
	// Binary is the path in Tree of the image's program, such as usr/sbin/nginx:
	// the only one but Entry, and those of a Debug image.
	Binary string
	// Entry is the path of the program that starts Binary, empty if there is none.
	Entry string
	// Try runs a program of the image in a throw-away root made of Tree. argv[0]
	// is its absolute path in there; output is what it wrote to stdout and stderr
	// together; err is not nil unless it exited with 0. Try is nil where this
	// machine cannot run the image's platform.
	Try func(ctx context.Context, argv ...string) (output string, err error)
}

// A Check is one named demand on an image.
type Check struct {
	Name    string // lower case with hyphens
	Explain string // what the check protects, in a sentence
	Remedy  string // what to do when it fails, in a sentence
	// Profiles are the kinds of image that it is for.
	Profiles []Profile
	// Run returns nil where the subject is good, an error that wraps ErrSkipped
	// where it cannot be judged here, and otherwise everything found, joined.
	Run func(context.Context, Subject) error

	// asked reports whether a subject of Profiles asks for the check; nil is yes.
	asked func(Subject) bool
}

// A Result is what one check said: Err is nil, wraps ErrSkipped, or tells why
// the image is refused.
type Result struct {
	Check Check
	Err   error
}

// Skipped reports whether the check could not judge.
func (r Result) Skipped() bool { return errors.Is(r.Err, ErrSkipped) }

// A Failure is the error of an image that a check refuses.
type Failure struct { //nolint:errname // check.Failure is what it is; check.FailureError is not a word
	Check  string // its name
	Remedy string // what to do
	Err    error  // what was found
}

func (f *Failure) Error() string { return fmt.Sprintf("%s: %v\n  do: %s", f.Check, f.Err, f.Remedy) }

func (f *Failure) Unwrap() error { return f.Err }

// All returns every check, in the order in which a report reads best. No image
// is put through all of them; see Checks.
func All() []Check {
	return slices.Concat(sizeChecks(), elfChecks(), closureChecks(), modeChecks(), contentChecks(), imageChecks(), configChecks())
}

// Run puts the subject through the Checks of its profile, without unexpected-path
// for a Debug image without Paths, and returns one result per check. The error
// joins a *Failure for each check that refused the image; it is nil where all
// others passed or were skipped. They run at the same time, Try included. A cancelled
// context is no verdict on the image: Run then returns no results, but why it stopped.
func Run(ctx context.Context, s Subject) ([]Result, error) {
	if s.Tree == nil || s.Image == nil {
		return nil, errors.New("checking an image: the subject must have a tree and an image")
	}
	checks := Checks(s.Profile)
	if len(checks) == 0 {
		return nil, fmt.Errorf("checking an image: there are no checks for %v", s.Profile)
	}
	checks = slices.DeleteFunc(checks, func(c Check) bool { return c.asked != nil && !c.asked(s) })
	// None depends on another, and some wait for a program of the image.
	errs := make([]error, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { errs[i] = c.Run(ctx, s) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("checking an image: %w", context.Cause(ctx))
	}
	var results []Result
	var failures []error
	for i, c := range checks {
		r := Result{Check: c, Err: errs[i]}
		results = append(results, r)
		if r.Err != nil && !r.Skipped() {
			failures = append(failures, &Failure{Check: c.Name, Remedy: c.Remedy, Err: r.Err})
		}
	}
	return results, errors.Join(failures...)
}
