package tree

import (
	"io/fs"
	"iter"
	"maps"
	"slices"
)

// Lookup returns the file at path; a parent directory that nobody added is
// found too, as All gives it.
func (t *Tree) Lookup(path string) (File, bool) {
	if f, ok := t.files[path]; ok {
		return f, true
	}
	if _, ok := t.parents[path]; ok {
		return File{Path: path, Mode: fs.ModeDir | 0o755}, true
	}
	return File{}, false
}

// All gives every file in the byte order of its path, so a directory comes
// before what it holds. Parent directories that nobody added come as 0755,
// owned by root, without an origin.
func (t *Tree) All() iter.Seq[File] {
	return func(yield func(File) bool) {
		paths := slices.AppendSeq(slices.Collect(maps.Keys(t.files)), maps.Keys(t.parents))
		slices.Sort(paths)
		for _, path := range slices.Compact(paths) {
			f, _ := t.Lookup(path)
			if !yield(f) {
				return
			}
		}
	}
}

// Size is the number of bytes in all regular files together.
func (t *Tree) Size() int64 {
	var size int64
	for _, f := range t.files {
		size += int64(len(f.Data))
	}
	return size
}
