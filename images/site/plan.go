package site

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// An item is one entry of the layer.
type item struct {
	path     string // in the image
	mode     fs.FileMode
	folder   *Folder // whose file it is; nil for what no file stands for
	file     file
	encoding *Encoding // the item is its compressed form, where that is worthwhile
	deletes  bool      // a whiteout
}

// plan lists the entries of the layer in the byte order of their paths, so that folders
// come before what they hold and files before their compressed forms.
func (o Options) plan() []item {
	items := map[string]item{}
	for _, f := range o.Folders {
		for dir := f.Target; dir != "."; dir = path.Dir(dir) {
			// A layer that leaves out parents gets them from the engine, with
			// modes that differ between engines.
			items[dir] = item{path: dir, mode: o.modeOf(dir)}
		}
		for _, entry := range f.files {
			add(items, item{path: path.Join(f.Target, entry.name), mode: modes[entry.kind], folder: f, file: entry})
		}
		for _, entry := range f.files {
			o.compressed(items, f, entry)
		}
		o.whiteouts(items, f.Target)
	}
	list := make([]item, 0, len(items))
	for _, it := range items {
		list = append(list, it)
	}
	slices.SortFunc(list, func(a, b item) int { return strings.Compare(a.path, b.path) })
	return list
}

// modes of what is in a folder. Those of a checkout follow the umask of whoever made it.
var modes = map[fs.FileMode]fs.FileMode{
	0: 0o644, fs.ModeDir: fs.ModeDir | 0o755, fs.ModeSymlink: fs.ModeSymlink | 0o777,
}

func (o Options) modeOf(dir string) fs.FileMode {
	if f, ok := o.Lower.Lookup(dir); ok && f.Mode.IsDir() {
		return f.Mode
	}
	return modes[fs.ModeDir]
}

// add puts an item in, unless its place is taken.
func add(items map[string]item, it item) {
	if _, taken := items[it.path]; !taken {
		items[it.path] = it
	}
}

// compressed adds the forms that a file is to be tried in. One that the folder has
// already is left as it is.
func (o Options) compressed(items map[string]item, f *Folder, entry file) {
	if !f.Served || entry.kind != 0 || entry.size < o.MinLength || entry.size == 0 || !o.Compressible(entry.name) {
		return
	}
	for i, e := range o.Encodings {
		add(items, item{path: path.Join(f.Target, entry.name) + e.Suffix, mode: modes[0], folder: f, file: entry, encoding: &o.Encodings[i]})
	}
}

// deletion is the path of the entry that deletes one of a lower layer.
func deletion(name string) string { return path.Join(path.Dir(name), whiteout+path.Base(name)) }

// whiteouts deletes what only the image has below a target.
func (o Options) whiteouts(items map[string]item, target string) {
	gone := map[string]bool{} // also what was below these
	for lower := range o.Lower.All() {
		name := lower.Path
		if !strings.HasPrefix(name, target+"/") {
			continue
		}
		it, replaced := items[name]
		switch {
		case gone[path.Dir(name)]:
			gone[name] = true
		case !replaced:
			gone[name] = true
			items[deletion(name)] = item{path: deletion(name), deletes: true}
		case !it.mode.IsDir():
			gone[name] = true
		}
	}
}

// Key names what a layer depends on, besides its folders: what of the image shows in it,
// the encodings and the time. Layers of the same folders with the same key are the same.
func (o Options) Key() string {
	var key strings.Builder
	fmt.Fprintln(&key, o.Names(), o.ModTime.Unix())
	for _, it := range o.plan() {
		_, lower := o.Lower.Lookup(it.path)
		if it.folder == nil || it.encoding != nil && lower {
			fmt.Fprintln(&key, it.path, it.mode)
		}
	}
	return key.String()
}

// Names of the encodings.
func (o Options) Names() []string {
	var names []string
	for _, e := range o.Encodings {
		names = append(names, e.Name)
	}
	return names
}
