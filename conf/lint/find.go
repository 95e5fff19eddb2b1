package lint

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// A Setting is one directive as it is written.
type Setting struct {
	Name   string
	Args   []string
	Values [][]string // the lines of a block of values, such as types
}

// Find returns the directives of the given names that nginx would read from a main
// configuration, at any depth, with includes followed, in their order. It judges
// nothing: of a file that nginx would refuse it has what comes before the mistake.
func Find(fsys fs.FS, name string, opts Options, names ...string) ([]Setting, error) {
	name = path.Clean(name)
	l := &loader{
		fsys: fsys, prefix: path.Clean(cmp.Or(opts.Prefix, "/etc/nginx")),
		root: path.Clean(cmp.Or(opts.Root, path.Dir(name))), image: opts.Image, comments: map[string][]comment{},
	}
	root := &directive{opens: true}
	if err := l.load(name, root); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return settings(nil, root, names), nil
}

// settings adds those of the given names below a directive to found.
func settings(found []Setting, d *directive, names []string) []Setting {
	for _, child := range d.block {
		if slices.Contains(names, child.name) {
			s := Setting{Name: child.name, Args: child.args}
			if child.data() {
				for _, line := range child.block {
					s.Values = append(s.Values, append([]string{line.name}, line.args...))
				}
			}
			found = append(found, s)
		}
		if !child.data() {
			found = settings(found, child, names)
		}
	}
	return found
}
