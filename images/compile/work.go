package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/source"
)

// limits are far above any source archive of the lock.
var limits = source.Limits{Bytes: 1 << 30, Entries: 100_000}

// work compiles p in a folder of its own and moves the result into the cache.
func (c *Compiler) work(ctx context.Context, p recipe.Component) (err error) {
	dir, err := os.MkdirTemp(c.workDir(), p.Name+"-")
	if err != nil {
		return fmt.Errorf("preparing a work folder: %w", err)
	}
	defer func() { err = errors.Join(err, c.leave(dir, p)) }()
	j := job{
		Compiler: c, component: p,
		source: filepath.Join(dir, "src", p.Name), entry: filepath.Join(dir, "entry"),
	}
	for _, d := range []string{j.source, j.out()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("preparing a work folder: %w", err)
		}
	}
	// Whatever the umask: the next build may be another user's.
	if err := os.Chmod(j.out(), 0o755); err != nil {
		return fmt.Errorf("preparing a work folder: %w", err)
	}
	if err := j.prepare(ctx); err != nil {
		return err
	}
	if err := j.steps(ctx); err != nil {
		return err
	}
	if err := seal(j.entry, p, c.patches(p)); err != nil {
		return err
	}
	// Not synced to disk: a crash of the machine may damage the entry, and
	// then its manifest tells.
	if err := os.Rename(j.entry, c.dir(p)); err != nil {
		return fmt.Errorf("keeping the result: %w", err)
	}
	return nil
}

// leave removes the work folder, or puts it where the next build does not.
func (c *Compiler) leave(dir string, p recipe.Component) error {
	if !c.Keep {
		return os.RemoveAll(dir)
	}
	kept := filepath.Join(c.Dir, "kept", c.label(p))
	if err := os.RemoveAll(kept); err != nil {
		return fmt.Errorf("removing an older work folder: %w", err)
	}
	if err := os.Rename(dir, kept); err != nil {
		return fmt.Errorf("keeping the work folder: %w", err)
	}
	c.Progress.Note(p.Name + ": the work folder is kept at " + kept)
	return nil
}

// job is the compile of one component.
type job struct {
	*Compiler
	component recipe.Component
	source    string // the folder of its source
	entry     string // the folder that becomes its Entry
}

func (j job) out() string { return filepath.Join(j.entry, "out") }
func (j job) log() string { return filepath.Join(j.entry, "compile.log") }

// prepare unpacks the source, and adds the files of the plan and the patches
// of the lock to it.
func (j job) prepare(ctx context.Context) (err error) {
	// Where nothing is locked, the plan's files are all the source.
	locked, ok := j.Lock.Component(j.component.Name)
	if ok {
		if err := source.Unpack(ctx, j.Path(locked.Source), j.source, j.Lock.Epoch(), limits); err != nil {
			return fmt.Errorf("%s: %w", locked.Source.File, err)
		}
	}
	root, err := os.OpenRoot(j.source)
	if err != nil {
		return fmt.Errorf("opening the source: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for name, text := range j.component.Files {
		if err := root.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("adding %s: %w", name, err)
		}
	}
	if locked.Patches == nil {
		return nil
	}
	series, err := source.ReadSeries(ctx, j.Path(locked.Patches.Archive), limits)
	if err != nil {
		return fmt.Errorf("%s: %w", locked.Patches.Archive.File, err)
	}
	definition, _ := j.Definition.Component(j.component.Name)
	var want []source.Locked
	for _, p := range locked.Patches.Patches {
		want = append(want, source.Locked{File: p.File, SHA256: p.SHA256, Skip: definition.SkipPatches[p.File]})
	}
	patches, err := series.Match(want)
	if err != nil {
		return fmt.Errorf("comparing %s with the lock: %w", locked.Patches.Archive.File, err)
	}
	for _, patch := range patches {
		if err := patch.Apply(root, j.Lock.Epoch()); err != nil {
			return err
		}
	}
	return nil
}
