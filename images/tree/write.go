package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// WriteTo materialises the tree below dir, an existing empty directory. Modes
// are exact whatever the umask; owners are the caller's. It never follows a
// symlink of the tree. On an error dir is left empty again.
func (t *Tree) WriteTo(dir string) (err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("writing a tree: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("writing a tree: %s is not empty (it has %q): give an empty directory", dir, entries[0].Name())
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("writing a tree: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, empty(root))
		}
		err = errors.Join(err, root.Close())
	}()
	var dirs []File
	for f := range t.All() {
		if f.Mode.IsDir() {
			dirs = append(dirs, f)
		}
		if err := create(root, f); err != nil {
			return fmt.Errorf("writing a tree: %s: %w", describe(f), err)
		}
	}
	// Directories get their modes last and from the bottom up: one without the
	// write bit could not be filled, one without the search bit not be entered.
	for _, f := range slices.Backward(dirs) {
		if err := root.Chmod(f.Path, f.Mode); err != nil {
			return fmt.Errorf("writing a tree: %w", err)
		}
	}
	return nil
}

// empty deletes everything below root.
func empty(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	for _, entry := range entries {
		err = errors.Join(err, root.RemoveAll(entry.Name()))
	}
	return err
}

// create makes one file below root; a directory gets a mode to work with.
func create(root *os.Root, f File) error {
	switch f.Mode.Type() {
	case fs.ModeDir:
		return root.Mkdir(f.Path, 0o700)
	case fs.ModeSymlink:
		return root.Symlink(f.Link, f.Path)
	}
	file, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(f.Data)
	if err == nil {
		err = file.Chmod(f.Mode) // after writing, which would clear setuid and setgid
	}
	return errors.Join(err, file.Close())
}
