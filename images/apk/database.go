package apk

import (
	"bytes"
	"cmp"
	"crypto/sha1" //nolint:gosec // what apk's list of installed files has
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// Installed is a package that is in an image, with those of its files that are
// there too.
type Installed struct {
	Record

	Files []tree.File
}

// Database is the text of lib/apk/db/installed for these packages, as apk
// version 2 writes it and scanners read it: for each package its record, then
// its files below their directories. Packages are sorted by name, directories
// and files by path. A directory is listed where it is among the files or
// holds one of them directly.
func Database(packages []Installed) []byte {
	var out bytes.Buffer
	byName := func(a, b Installed) int { return cmp.Compare(a.Name, b.Name) }
	for _, p := range slices.SortedFunc(slices.Values(packages), byName) {
		writeRecord(&out, p.Record)
		writeFiles(&out, p.Files)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// writeRecord writes the fields in apk's order. Those before "o" are always
// there, the others where they say something.
func writeRecord(out *bytes.Buffer, r Record) {
	fmt.Fprintf(out, "C:%s\nP:%s\nV:%s\nA:%s\nS:%d\nI:%d\nT:%s\nU:%s\nL:%s\n",
		r.Checksum, r.Name, r.Version, r.Arch, r.Size, r.Installed, r.Summary, r.URL, r.License)
	optional := func(letter byte, value any, set bool) {
		if set {
			fmt.Fprintf(out, "%c:%v\n", letter, value)
		}
	}
	list := func(letter byte, values []string) { optional(letter, strings.Join(values, " "), len(values) > 0) }
	optional('o', r.Origin, r.Origin != "")
	optional('m', r.Maintainer, r.Maintainer != "")
	optional('t', r.Built.Unix(), !r.Built.IsZero())
	optional('c', r.Commit, r.Commit != "")
	optional('k', r.Priority, r.Priority != 0)
	list('D', r.Depends)
	list('p', r.Provides)
	list('i', r.InstallIf)
	list('r', r.Replaces)
	optional('q', r.ReplacesPriority, r.ReplacesPriority != 0)
}

// writeFiles writes directories (F), each with its files (R), owners and modes
// (M, a) unless they are the usual, and checksums (Z).
func writeFiles(out *bytes.Buffer, files []tree.File) {
	dirs, below := map[string]tree.File{}, map[string][]tree.File{}
	for _, f := range files {
		if f.Mode.IsDir() {
			dirs[f.Path] = f
			continue
		}
		dir := path.Dir(f.Path)
		below[dir] = append(below[dir], f)
	}
	for dir := range below {
		if _, ok := dirs[dir]; !ok {
			dirs[dir] = tree.File{Mode: fs.ModeDir | 0o755}
		}
	}
	byPath := func(a, b tree.File) int { return cmp.Compare(a.Path, b.Path) }
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		name := dir
		if name == "." {
			name = "" // the root
		}
		fmt.Fprintf(out, "F:%s\n", name)
		writeOwner(out, 'M', dirs[dir], 0o755)
		for _, f := range slices.SortedFunc(slices.Values(below[dir]), byPath) {
			fmt.Fprintf(out, "R:%s\n", path.Base(f.Path))
			writeOwner(out, 'a', f, 0o644)
			content := f.Data
			if f.Mode.Type() == fs.ModeSymlink {
				content = []byte(f.Link)
			}
			fmt.Fprintf(out, "Z:%s\n", Checksum(sha1.Sum(content))) //nolint:gosec // as imported
		}
	}
}

// writeOwner writes the owner and mode of f, unless they are root's and usual.
func writeOwner(out *bytes.Buffer, letter byte, f tree.File, usual int64) {
	bits := int64(f.Mode.Perm())
	for bit, flag := range specialBits {
		if f.Mode&flag != 0 {
			bits |= bit
		}
	}
	if f.UID != 0 || f.GID != 0 || bits != usual {
		fmt.Fprintf(out, "%c:%d:%d:%o\n", letter, f.UID, f.GID, bits)
	}
}
