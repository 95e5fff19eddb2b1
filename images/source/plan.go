package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
)

// A file is a regular file of a source directory, as far as patches know it.
type file struct {
	exists bool
	text   string
	mode   fs.FileMode
}

// A plan is what a patch leads to, held in memory. Paths are below the root.
type plan struct {
	root   *os.Root
	before map[string]file // all files that the patch names
	after  map[string]file // the same
}

// newPlan applies diffs in order, without writing anything.
func newPlan(root *os.Root, diffs []fileDiff) (*plan, error) {
	p := &plan{root: root, before: map[string]file{}, after: map[string]file{}}
	for _, diff := range diffs {
		if err := p.add(diff); err != nil {
			return nil, fmt.Errorf("%s (line %d of the patch): %w", diff.name(), diff.line, err)
		}
	}
	if len(p.changed()) == 0 {
		return nil, errors.New("it changes nothing")
	}
	for _, name := range p.changed() {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if p.after[name].exists && p.after[dir].exists {
				return nil, fmt.Errorf("it makes %s a file and a directory", dir)
			}
		}
	}
	return p, nil
}

// changed are the names of the files that differ afterwards, sorted.
func (p *plan) changed() []string {
	names := slices.Sorted(maps.Keys(p.after))
	return slices.DeleteFunc(names, func(name string) bool { return p.after[name] == p.before[name] })
}

// add applies the diff of one file.
func (p *plan) add(diff fileDiff) error {
	old, err := p.load(diff.name())
	if err != nil {
		return err
	}
	switch {
	case diff.old == "" && old.exists:
		return errors.New("the patch creates the file, but it exists")
	case diff.old != "" && !old.exists && !diff.startsEmpty():
		return errors.New("the patch changes the file, but it does not exist")
	}
	text, err := apply(diff.hunks, old.text)
	if err != nil {
		return err
	}
	result := file{exists: true, text: text, mode: cmp.Or(diff.mode, old.mode, 0o644)}
	switch diff.new {
	case diff.name():
		p.after[diff.new] = result
		return nil
	case "":
		if text != "" {
			return fmt.Errorf("the patch deletes the file, but %d bytes of it would be left", len(text))
		}
	default:
		if target, err := p.load(diff.new); err != nil || target.exists {
			return errors.Join(err, fmt.Errorf("the patch renames the file to %s, which is taken", diff.new))
		}
		p.after[diff.new] = result
	}
	p.after[diff.old] = file{}
	return nil
}

// load returns a file as the diffs so far have left it.
func (p *plan) load(name string) (file, error) {
	if known, found := p.after[name]; found {
		return known, nil
	}
	f, err := readFile(p.root, name)
	if err != nil {
		return file{}, err
	}
	p.before[name], p.after[name] = f, f
	return f, nil
}

// readFile reads a file, if it exists. Nothing on the way may be a link: a
// patch is to change what it names.
func readFile(root *os.Root, name string) (file, error) {
	for i, char := range name {
		if char != '/' {
			continue
		}
		info, err := root.Lstat(name[:i])
		if errors.Is(err, fs.ErrNotExist) {
			return file{}, nil
		}
		if err != nil {
			return file{}, err
		}
		if !info.IsDir() {
			return file{}, fmt.Errorf("%s is no directory: a patch may not go through links", name[:i])
		}
	}
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, nil
	}
	if err != nil {
		return file{}, err
	}
	if !info.Mode().IsRegular() {
		return file{}, errors.New("it is no regular file")
	}
	data, err := root.ReadFile(name)
	if err != nil {
		return file{}, err
	}
	return file{exists: true, text: string(data), mode: permissions(info.Mode())}, nil
}
