package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Apply applies the patch below root, as "patch -p1 -F 0" would: at other
// lines than it says if need be, but only where every line of context is the
// same. What it changes is modified at epoch. Besides plain unified diffs it
// takes what git adds: renames, deletions and the modes 100644 and 100755.
// Links are not followed. Errors name the patch, the file and, where a hunk
// does not fit, its number and line, what should be there and what is.
//
// A patch that does not fit, that changes nothing, or that cannot be written
// to a full disk is an error and leaves every file as it was.
func (p Patch) Apply(root *os.Root, epoch time.Time) error {
	if err := p.apply(root, epoch); err != nil {
		return fmt.Errorf("applying %s: %w", p.Name, err)
	}
	return nil
}

func (p Patch) apply(root *os.Root, epoch time.Time) error {
	diffs, err := parsePatch(p.Data)
	if err != nil {
		return err
	}
	planned, err := newPlan(root, diffs)
	if err != nil {
		return err
	}
	return planned.commit(epoch)
}

// commit writes what has changed. All new content is on disk under temporary
// names before the first file is replaced.
func (p *plan) commit(epoch time.Time) error {
	var made []string
	for _, name := range p.changed() {
		if err := p.stage(name, epoch, &made); err != nil {
			for _, name := range slices.Backward(made) {
				err = errors.Join(err, p.root.Remove(name))
			}
			return err
		}
	}
	for _, name := range p.changed() {
		if err := p.replace(name); err != nil {
			return err
		}
	}
	return p.date(epoch)
}

// stage writes the new content of a file beside it, and notes what it has made.
func (p *plan) stage(name string, epoch time.Time, made *[]string) error {
	content := p.after[name]
	if !content.exists {
		return nil
	}
	for i, char := range name {
		if char != '/' {
			continue
		}
		err := p.root.Mkdir(name[:i], 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		*made = append(*made, name[:i])
		if err := p.root.Chmod(name[:i], 0o755); err != nil { // whatever the umask
			return err
		}
	}
	if err := writeFile(p.root, staged(name), strings.NewReader(content.text), content.mode, epoch); err != nil {
		return err
	}
	*made = append(*made, staged(name))
	return nil
}

func staged(name string) string { return path.Join(path.Dir(name), ".patched-"+path.Base(name)) }

// replace puts the staged file in place, or deletes a file that is no more,
// with the directories that this leaves empty.
func (p *plan) replace(name string) error {
	if p.after[name].exists {
		return p.root.Rename(staged(name), name)
	}
	if err := p.root.Remove(name); err != nil {
		return err
	}
	dir := path.Dir(name)
	for dir != "." && p.root.Remove(dir) == nil { // fails where it is not empty
		dir = path.Dir(dir)
	}
	return nil
}

// date sets the times of the directories in which something has changed.
func (p *plan) date(epoch time.Time) error {
	for _, name := range p.changed() {
		for name != "." {
			name = path.Dir(name)
			if err := p.root.Chtimes(name, epoch, epoch); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
