package source

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Unpack writes what a .tar.gz or .tar.xz holds below its single top-level
// directory into dir, an existing empty directory. Files are 0644, or 0755
// where the owner may execute them, directories 0755, whatever the umask;
// everything but symlinks is modified at epoch. Errors name the archive and
// the entry.
//
// On an error dir is left empty again. A killed process leaves a part: unpack
// into a directory that gets its name when all is done.
func Unpack(ctx context.Context, archive, dir string, epoch time.Time, limits Limits) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("unpacking %s: %w", archive, err)
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	present, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	if len(present) > 0 {
		return fmt.Errorf("%s is not empty (it has %q): give an empty directory", dir, present[0].Name())
	}
	u := unpacker{root: root, epoch: epoch, dirs: map[string]bool{".": true}}
	err = decompress(archive, limits, func(s *stream) error { return walk(ctx, s, limits, u.add) })
	if err == nil {
		err = u.finish()
	}
	if err != nil {
		return errors.Join(err, empty(root))
	}
	return nil
}

// An unpacker writes the entries of one archive.
type unpacker struct {
	root  *os.Root
	epoch time.Time
	top   string          // the top-level directory of the archive
	dirs  map[string]bool // directories made, "." included
}

// add writes one entry.
func (u *unpacker) add(header *tar.Header, body io.Reader) error {
	name, err := u.strip(header)
	if err != nil {
		return err
	}
	if header.Typeflag == tar.TypeDir {
		return u.mkdir(name)
	}
	if err := u.mkdir(path.Dir(name)); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeSymlink:
		return u.symlink(name, header.Linkname)
	case tar.TypeLink:
		return u.link(name, header.Linkname)
	default:
		return writeFile(u.root, name, body, permissions(header.FileInfo().Mode()), u.epoch)
	}
}

// strip returns the path of an entry below the top-level directory, and "."
// for that directory itself and what is above it.
func (u *unpacker) strip(header *tar.Header) (string, error) {
	isDir := header.Typeflag == tar.TypeDir
	if header.Name == "." && isDir {
		return ".", nil
	}
	top, rest, below := strings.Cut(header.Name, "/")
	if u.top == "" {
		u.top = top
	}
	switch {
	case top != u.top:
		return "", fmt.Errorf("it is not below %q: the archive must have a single top-level directory", u.top)
	case below:
		return rest, nil
	case isDir:
		return ".", nil
	}
	return "", errors.New("it is not in a directory: the archive must have a single top-level directory")
}

// mkdir makes a directory and its parents. It meets nothing but directories
// that it has made: Mkdir fails where the archive has put anything else, so
// nothing is ever written through a link.
func (u *unpacker) mkdir(name string) error {
	if u.dirs[name] {
		return nil
	}
	if err := u.mkdir(path.Dir(name)); err != nil {
		return err
	}
	if err := u.root.Mkdir(name, 0o700); err != nil {
		return err
	}
	u.dirs[name] = true
	return u.root.Chmod(name, 0o755)
}

// finish dates the directories, which adding to them has changed.
func (u *unpacker) finish() error {
	if u.top == "" {
		return errors.New("the archive is empty")
	}
	for name := range u.dirs {
		if err := u.root.Chtimes(name, u.epoch, u.epoch); err != nil {
			return err
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
