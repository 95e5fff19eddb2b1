// Package compile makes the components of a plan and keeps them by the hash of
// everything that went into them, so that each is compiled once.
//
// A component is compiled in a work folder and moved into the cache as the
// last thing, complete. Whatever is killed before that leaves only a work
// folder, which the next build removes.
package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// Compiler makes the components of one plan. All fields but Root,
// Platform, Keep and Progress are needed.
type Compiler struct {
	// Dir is the cache:
	//
	//	components/NAME-KEY        compiled: see Entry
	//	components/NAME-KEY.lock   held by the build that compiles it; never removed
	//	work/NAME-*                being compiled
	//	work.lock                  held by every build that may have work folders
	//	logs/NAME.log              of the last compile that failed
	//	kept/NAME                  the last work folder that was to be kept
	//
	// With a Platform, the last two are NAME-ARCH.
	Dir        string
	Definition images.Definition
	Lock       images.Lock
	// Plan has components each after those that it needs. What the Lock has not
	// is made of the plan's own files.
	Plan []recipe.Component
	// Fetch makes inputs present and verified; Path says where one is then.
	Fetch func(ctx context.Context, inputs []images.Input) error
	Path  func(images.Input) string
	// Run runs one command, apart from the machine: base.Run.
	Run func(ctx context.Context, c base.Command) error
	// Root is where the toolchain of the plan is: a folder that becomes / for
	// every command, or empty for this machine. It has the folder build.
	Root string
	// Platform is what is compiled for, such as linux/arm64, where people are to
	// be told, and empty where it goes without saying.
	Platform string
	Jobs     int // commands that make runs at once
	// Keep leaves the work folder of a component, compiled or failed.
	Keep     bool
	Progress *progress.Output
}

// lockPoll is how often a build looks whether another one has finished.
const lockPoll = 200 * time.Millisecond

// Component returns the named component, compiling it and what it needs where
// the cache does not have them.
func (c *Compiler) Component(ctx context.Context, name string) (entry Entry, err error) {
	p, ok := c.planned(name)
	if !ok {
		return Entry{}, fmt.Errorf("compiling %s: the plan has no such component", name)
	}
	// Usually there is nothing to do, and then nothing but this is read.
	entry, err = c.cached(p)
	if !isMissing(err) && !c.hasWork() {
		return entry, err
	}
	lock, err := c.enter(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	missing, err := c.missing(name)
	if err != nil {
		return Entry{}, err
	}
	if err := c.compile(ctx, missing); err != nil {
		return Entry{}, err
	}
	return c.cached(p)
}

// compile makes components in the order given.
func (c *Compiler) compile(ctx context.Context, components []recipe.Component) error {
	var inputs []images.Input
	for _, p := range components {
		if locked, ok := c.Lock.Component(p.Name); ok {
			inputs = append(inputs, locked.Inputs()...)
		}
	}
	if len(inputs) > 0 { // another build may have been faster
		if err := c.Fetch(ctx, inputs); err != nil {
			return err
		}
	}
	for _, p := range components {
		err := c.once(ctx, p)
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = fmt.Errorf("the disk of %s is full, free some and run again: %w", c.Dir, err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.doing(p), err)
		}
	}
	return nil
}

// missing lists the named component and what it needs, where the cache does
// not have it, in the order of the plan.
func (c *Compiler) missing(name string) ([]recipe.Component, error) {
	var missing []recipe.Component
	wanted := map[string]bool{name: true}
	for _, p := range slices.Backward(c.Plan) {
		if !wanted[p.Name] {
			continue
		}
		_, err := c.cached(p)
		if err == nil {
			continue
		}
		if !isMissing(err) {
			return nil, err
		}
		missing = append(missing, p)
		for _, need := range p.Needs {
			wanted[need] = true
		}
	}
	slices.Reverse(missing)
	return missing, nil
}

// once compiles p unless another build has done so in the meantime. What is
// damaged is removed, but only here, where no other build can be replacing it.
func (c *Compiler) once(ctx context.Context, p recipe.Component) (err error) {
	lock := flock.New(c.dir(p) + ".lock")
	ok, err := lock.TryLock()
	if err == nil && !ok {
		c.Progress.Note(p.Name + ": waiting for another build that is compiling it")
		_, err = lock.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		return fmt.Errorf("locking it: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	_, err = c.cached(p)
	if !isMissing(err) {
		return err
	}
	if errors.Is(err, errDamaged) {
		c.Progress.Note(fmt.Sprintf("%s: %v; compiling it again", p.Name, err))
		if err := os.RemoveAll(c.dir(p)); err != nil {
			return fmt.Errorf("removing what is damaged: %w", err)
		}
	}
	task := c.Progress.Start(c.doing(p), 0)
	err = c.work(ctx, p)
	task.Done(err)
	return err
}

// doing is what people are told about the compile of p.
func (c *Compiler) doing(p recipe.Component) string {
	text := "compiling " + p.Name + " " + p.Version
	if c.Platform != "" {
		text += " for " + c.Platform
	}
	return text
}

// label names what is left of the compile of p.
func (c *Compiler) label(p recipe.Component) string {
	if c.Platform == "" {
		return p.Name
	}
	return p.Name + "-" + path.Base(c.Platform)
}

// enter prepares the cache and returns the lock that keeps other builds from
// removing the work folders of this one. Work folders that nobody holds are
// removed.
func (c *Compiler) enter(ctx context.Context) (*flock.Flock, error) {
	for _, dir := range []string{"components", "work", "logs", "kept"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o755); err != nil {
			return nil, fmt.Errorf("preparing the cache: %w", err)
		}
	}
	lock := flock.New(filepath.Join(c.Dir, "work.lock"))
	alone, err := lock.TryLock()
	if err == nil && alone {
		err = errors.Join(c.clean(), lock.Unlock())
	}
	if err == nil {
		_, err = lock.TryRLockContext(ctx, lockPoll)
	}
	if err != nil {
		return nil, fmt.Errorf("locking the cache: %w", err)
	}
	return lock, nil
}

// hasWork says whether there are work folders: of builds that are running, or
// of one that was killed before it could remove its last.
func (c *Compiler) hasWork() bool {
	left, err := os.ReadDir(c.workDir())
	return err == nil && len(left) > 0
}

// clean removes the work folders that killed builds have left.
func (c *Compiler) clean() error {
	left, err := os.ReadDir(c.workDir())
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(c.workDir(), dir.Name())))
	}
	if err != nil {
		return fmt.Errorf("removing abandoned work: %w", err)
	}
	return nil
}

// Installed is where the named component of the plan has installed itself. It
// is verified only while a component that needs it is compiled.
func (c *Compiler) Installed(name string) string {
	p, ok := c.planned(name)
	if !ok {
		return ""
	}
	return filepath.Join(c.dir(p), "out")
}

func (c *Compiler) planned(name string) (recipe.Component, bool) {
	i := slices.IndexFunc(c.Plan, func(p recipe.Component) bool { return p.Name == name })
	if i < 0 {
		return recipe.Component{}, false
	}
	return c.Plan[i], true
}

func (c *Compiler) cached(p recipe.Component) (Entry, error) { return open(c.dir(p), p, c.patches(p)) }

func isMissing(err error) bool { return errors.Is(err, errAbsent) || errors.Is(err, errDamaged) }

func (c *Compiler) workDir() string { return filepath.Join(c.Dir, "work") }

func (c *Compiler) dir(p recipe.Component) string {
	return filepath.Join(c.Dir, "components", p.Name+"-"+p.Key[:20])
}

func (c *Compiler) locked(p recipe.Component) images.LockedComponent {
	l, _ := c.Lock.Component(p.Name)
	return l
}

func (c *Compiler) patches(p recipe.Component) []images.Patch {
	d, _ := c.Definition.Component(p.Name)
	return c.locked(p).Applied(d)
}
