package rootfs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// covered are folders over which a sandbox mounts what is not in the root; a
// root is read-only there, so they have to be in it.
var covered = []string{"build", "dev", "proc", "tmp"}

// kept is the mode that a file gets: the permissions that it had, without
// setuid, setgid and sticky, which are of no use where all files have one
// owner. That owner can read everything, to verify it, and nobody else can
// write anything: a cache is no place for a folder such as /tmp, where any user
// of the machine could add to the compiler.
func kept(mode fs.FileMode) fs.FileMode {
	perm := mode.Perm() &^ 0o022
	if mode.IsDir() {
		return fs.ModeDir | perm | 0o700
	}
	return mode.Type() | perm | 0o400
}

// write has fill add files below dir, and describes what is there then.
func write(ctx context.Context, dir string, fill func(add func(tree.File) error) error) (entries []entry, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("preparing a folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	w := writer{root: root, tree: tree.New(), added: map[string]content{}, made: map[string]bool{".": true}}
	var failed error
	err = fill(func(f tree.File) error {
		if failed == nil {
			failed = context.Cause(ctx)
		}
		if failed == nil {
			failed = w.add(f)
		}
		return failed
	})
	if err := cmp.Or(err, failed); err != nil {
		return nil, err
	}
	for _, name := range covered {
		if err := w.add(tree.File{Path: name, Mode: fs.ModeDir | 0o755, Origin: tree.Origin{Component: "the sandbox", Path: name}}); err != nil {
			return nil, err
		}
	}
	return w.finish()
}

// writer writes files below a folder. Nothing that it does leaves the folder,
// whatever links are in it.
type writer struct {
	root  *os.Root
	tree  *tree.Tree // what is there, without the bytes of files
	added map[string]content
	made  map[string]bool // folders
}

// content is what a regular file has; zero for anything else.
type content struct {
	size   int64
	sha256 string
}

func (w *writer) add(f tree.File) error {
	data, has := f.Data, content{}
	f.Mode, f.UID, f.GID = kept(f.Mode), 0, 0
	if f.Mode.IsRegular() {
		f.Data = nil // the tree is not to hold all of them
		sum := sha256.Sum256(data)
		has = content{int64(len(data)), hex.EncodeToString(sum[:])}
	}
	if old, ok := w.added[f.Path]; ok {
		there, _ := w.tree.Lookup(f.Path)
		if there.Mode.Type() == f.Mode.Type() && there.Link == f.Link && old == has {
			return nil
		}
	}
	if err := w.tree.Add(f); err != nil {
		return err
	}
	w.added[f.Path] = has
	if err := w.create(f, data); err != nil {
		return fmt.Errorf("writing %s (%s): %w", f.Path, f.Origin.Component, err)
	}
	return nil
}

func (w *writer) create(f tree.File, data []byte) error {
	if f.Mode.IsDir() {
		return w.folder(f.Path)
	}
	if err := w.folder(path.Dir(f.Path)); err != nil {
		return err
	}
	if f.Mode&fs.ModeSymlink != 0 {
		return w.root.Symlink(f.Link, f.Path)
	}
	file, err := w.root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Chmod(f.Mode), file.Close())
}

// folder makes a folder and those above it, with a mode to work with.
func (w *writer) folder(name string) error {
	if w.made[name] {
		return nil
	}
	if err := w.folder(path.Dir(name)); err != nil {
		return err
	}
	w.made[name] = true
	return w.root.Mkdir(name, 0o700)
}

// finish gives folders their modes and returns what is there.
func (w *writer) finish() ([]entry, error) {
	var entries []entry
	for f := range w.tree.All() {
		if f.Mode.IsDir() {
			if err := w.root.Chmod(f.Path, f.Mode); err != nil {
				return nil, fmt.Errorf("setting the mode of a folder: %w", err)
			}
		}
		has := w.added[f.Path]
		entries = append(entries, entry{Path: f.Path, Mode: f.Mode.String(), Size: has.size, SHA256: has.sha256, Link: f.Link})
	}
	return entries, nil
}
