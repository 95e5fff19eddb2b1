// Package tree holds the files of one image in memory, each with the origin of
// its bytes. Everything that is said about an image (its layer, its bill of
// materials, its checks, its size) is read from one tree, so none of it can
// disagree.
package tree

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strings"
	"unicode/utf8"
)

// modeBits are the bits that a mode may have beside its type.
const modeBits = fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky | fs.ModePerm

// maxID is the largest user or group ID of Linux; the one above means "no ID".
const maxID = math.MaxUint32 - 1

// An Origin says whose bytes a file has.
type Origin struct {
	Component string // for example "nginx" or "nginx-scratch"
	Path      string // the path inside that component
}

// A File is one regular file, directory or symbolic link of an image.
type File struct {
	Path   string      // slash-separated and relative, as fs.ValidPath wants it; never "."
	Mode   fs.FileMode // regular, directory or symlink, with permission, setuid, setgid and sticky bits
	UID    int         // 0 to 4294967294
	GID    int         // 0 to 4294967294
	Data   []byte      // content of a regular file; not copied, never to be changed once added
	Link   string      // target of a symlink, not resolved
	Origin Origin      // zero for a parent directory that nobody added
}

// A Tree is a set of files without conflicts. What it holds does not depend on
// the order of adding. Use New; several goroutines may read a tree that nobody
// adds to.
type Tree struct {
	files   map[string]File
	parents map[string]string // directory that must exist -> path of one file below it
}

// New returns an empty tree.
func New() *Tree {
	return &Tree{files: map[string]File{}, parents: map[string]string{}}
}

// Add puts f into the tree. It refuses a path, type or content that cannot be
// in an image, and any conflict: a path that is taken, a file below something
// that is no directory (a symlink to one included). Only a directory may be
// added again, with the same mode and owner; of its origins the lesser is kept.
// A symlink's permissions mean nothing to Linux and are kept as 0777. A refused
// file leaves the tree as it was; errors name the origins concerned.
func (t *Tree) Add(f File) error {
	if err := check(f); err != nil {
		return fmt.Errorf("adding %s: %w", describe(f), err)
	}
	if f.Mode&fs.ModeSymlink != 0 {
		f.Mode = fs.ModeSymlink | fs.ModePerm
	}
	if err := t.conflict(f); err != nil {
		return fmt.Errorf("adding %s: %w", describe(f), err)
	}
	if old, ok := t.files[f.Path]; ok && compareOrigins(old.Origin, f.Origin) < 0 {
		f.Origin = old.Origin
	}
	t.files[f.Path] = f
	for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
		t.parents[dir] = f.Path
	}
	return nil
}

// conflict reports what in the tree stands in the way of f.
func (t *Tree) conflict(f File) error {
	if old, ok := t.files[f.Path]; ok {
		same := f.Mode.IsDir() && old.Mode == f.Mode && old.UID == f.UID && old.GID == f.GID
		if !same {
			return fmt.Errorf("the path is taken by %s", describe(old))
		}
	}
	if below, ok := t.parents[f.Path]; ok && !f.Mode.IsDir() {
		return fmt.Errorf("it must be a directory, for it holds %s", describe(t.files[below]))
	}
	for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
		if old, ok := t.files[dir]; ok && !old.Mode.IsDir() {
			return fmt.Errorf("its parent is no directory but %s", describe(old))
		}
	}
	return nil
}

// check reports what is wrong with f by itself.
func check(f File) error {
	switch {
	case !fs.ValidPath(f.Path) || f.Path == "." || strings.ContainsRune(f.Path, 0):
		return errors.New("the path must be relative and slash-separated, in UTF-8, without empty, \".\" or \"..\" elements or NUL")
	case f.Mode&^fs.ModeType&^modeBits != 0:
		return errors.New("the mode has bits that an image cannot hold")
	case !validID(f.UID) || !validID(f.GID):
		return fmt.Errorf("owner %d:%d is not within 0 to %d", f.UID, f.GID, int64(maxID))
	}
	return checkContent(f)
}

func validID(id int) bool { return id >= 0 && int64(id) <= maxID }

// checkContent reports a type that cannot be, or content that is not of it.
func checkContent(f File) error {
	switch kind := f.Mode.Type(); {
	case kind != 0 && kind != fs.ModeDir && kind != fs.ModeSymlink:
		return errors.New("only regular files, directories and symlinks can be in an image")
	case kind != 0 && len(f.Data) > 0:
		return errors.New("only a regular file can have content")
	case kind != fs.ModeSymlink && f.Link != "":
		return errors.New("only a symlink can have a target")
	case kind == fs.ModeSymlink && (f.Link == "" || strings.ContainsRune(f.Link, 0) || !utf8.ValidString(f.Link)):
		return fmt.Errorf("symlink target %q must be UTF-8, not empty and without NUL", f.Link)
	}
	return nil
}

// describe names a file for an error: what it is, where, and from whom.
func describe(f File) string {
	return fmt.Sprintf("%s %q (%s from %q)", f.Mode, f.Path, cmp.Or(f.Origin.Component, "no component"), f.Origin.Path)
}

func compareOrigins(a, b Origin) int {
	return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Path, b.Path))
}
