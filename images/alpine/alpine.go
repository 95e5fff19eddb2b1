// Package alpine turns verified packages into the files of a root file system,
// without running anything of theirs: merged, with the links that a package's
// scripts would make, and with the database that tells scanners which packages
// are there.
package alpine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// maxLinks bounds how many links one path may go through, as Linux does.
const maxLinks = 40

// Merge gives the files of all packages in the order of their paths, as an
// image is to have them: everything belongs to root, nobody else can write it,
// and no setuid, setgid or sticky bit is left. What several packages bring
// alike comes once. Where they differ, the package that replaces the other
// wins; where none does it is an error that names both. Files below a folder
// that another package has as a link go where the link leads.
func Merge(packages []apk.Package) ([]tree.File, error) {
	m := merger{packages: map[string]apk.Record{}, links: map[string]string{}, files: map[string]tree.File{}}
	for _, p := range packages {
		m.packages[p.Record.Name] = p.Record
		for _, f := range p.Files {
			if f.Mode.Type() == fs.ModeSymlink {
				m.links[f.Path] = f.Link
			}
		}
	}
	var errs []error
	for _, p := range packages {
		for _, f := range p.Files {
			if err := m.add(f); err != nil {
				errs = append(errs, fmt.Errorf("package %s: %s: %w", p.Record.File(), f.Path, err))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("merging packages: %w", err)
	}
	var all []tree.File
	for _, f := range m.files {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b tree.File) int { return cmp.Compare(a.Path, b.Path) })
	return all, nil
}

// merger builds one file system out of many.
type merger struct {
	packages map[string]apk.Record // by name
	links    map[string]string     // of all packages: path to target
	files    map[string]tree.File
}

func (m merger) add(f tree.File) error {
	dir, err := m.real(path.Dir(f.Path))
	if err != nil {
		return err
	}
	f.Path = path.Join(dir, path.Base(f.Path))
	f.Mode &^= fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	if f.Mode.Type() != fs.ModeSymlink { // whose permissions mean nothing
		f.Mode &^= 0o022
	}
	f.UID, f.GID = 0, 0
	if _, linked := m.links[f.Path]; linked && f.Mode.IsDir() {
		return nil // the link stands for it
	}
	old, taken := m.files[f.Path]
	switch {
	case !taken || m.replaces(f, old):
		m.files[f.Path] = f
	case f.Mode.IsDir() && old.Mode.IsDir(), same(f, old), m.replaces(old, f):
	default:
		return fmt.Errorf("package %s has another file there, and neither package replaces the other", old.Origin.Component)
	}
	return nil
}

// real follows the links on the way to a folder.
func (m merger) real(dir string) (string, error) {
	done, rest := ".", strings.Split(dir, "/")
	for steps := 0; len(rest) > 0; {
		next := path.Join(done, rest[0])
		rest = rest[1:]
		target, linked := m.links[next]
		if !linked {
			done = next
			continue
		}
		if steps++; steps > maxLinks {
			return "", fmt.Errorf("its folder goes through more than %d links", maxLinks)
		}
		if path.IsAbs(target) {
			done = "."
		}
		// Joined to a slash, no number of .. leads out of the root.
		target = strings.TrimPrefix(path.Join("/", done, target), "/")
		done = "."
		if target != "" {
			rest = append(strings.Split(target, "/"), rest...)
		}
	}
	return done, nil
}

// replaces reports whether the package of f says that it replaces that of old.
func (m merger) replaces(f, old tree.File) bool {
	return slices.ContainsFunc(m.packages[f.Origin.Component].Replaces, func(entry string) bool {
		name := entry
		if i := strings.IndexAny(entry, "<>=~"); i >= 0 {
			name = entry[:i]
		}
		return name == old.Origin.Component
	})
}

func same(a, b tree.File) bool {
	return a.Mode == b.Mode && a.Link == b.Link && bytes.Equal(a.Data, b.Data)
}
