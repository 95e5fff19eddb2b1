package base

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// system are the paths of a machine that hold its programs. Of /etc there is
// what makes a Debian compiler work: which awk is awk, and which library is
// where.
var system = []string{"/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc/alternatives", "/etc/ld.so.cache"}

// devices are those that compilers, configure scripts and nginx open. A
// read-only mount of one can still be written to, but not have its mode changed.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}

// enter makes the new root and moves into it. What it shows is opened while
// the machine is in sight and put into place when it no longer is: a link in a
// Root leads nowhere else, and errors name the paths that the caller gave.
func (s spec) enter() error {
	if err := setup(unix.Sethostname([]byte("localhost")), "naming the host"); err != nil {
		return err
	}
	// Nothing that is mounted here may reach the machine.
	err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if err := setup(err, "making mounts private"); err != nil {
		return err
	}
	root, err := s.root()
	if err != nil {
		return err
	}
	trees, err := s.open()
	if err != nil {
		return err
	}
	if err := root.pivot(); err != nil {
		return err
	}
	for _, t := range trees {
		if err := t.place(); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{"stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "fd": "fd"} {
		if err := os.Symlink("/proc/self/"+target, "/dev/"+name); err != nil {
			return setup(err, "preparing /dev")
		}
	}
	return errors.Join(readOnly(unix.AT_FDCWD, "/", 0), readOnly(unix.AT_FDCWD, "/dev", 0))
}

// root opens what becomes /.
func (s spec) root() (tree, error) {
	if s.Root == "" {
		return newTree("tmpfs", "/", "755")
	}
	return openTree(Mount{Source: s.Root, Target: "/"})
}

// open opens all that is below /, in the order in which it is put into place.
func (s spec) open() ([]tree, error) {
	var trees []tree
	for _, t := range []struct{ kind, target, mode string }{
		{"proc", "/proc", ""}, {"tmpfs", "/dev", "755"}, {"tmpfs", "/dev/shm", "1777"}, {"tmpfs", "/tmp", "1777"},
	} {
		if t.target == "/tmp" && s.Root != "" && !isFolder(filepath.Join(s.Root, "tmp")) {
			continue
		}
		opened, err := newTree(t.kind, t.target, t.mode)
		if err != nil {
			return nil, err
		}
		trees = append(trees, opened)
	}
	var mounts []Mount
	for _, path := range system {
		if s.Root == "" && exists(path) { // no distribution has all of them
			mounts = append(mounts, Mount{Source: path, Target: path})
		}
	}
	for _, path := range devices {
		mounts = append(mounts, Mount{Source: path, Target: path})
	}
	for _, m := range append(mounts, s.Mounts...) {
		opened, err := openTree(m)
		if err != nil {
			return nil, err
		}
		trees = append(trees, opened)
	}
	return trees, nil
}

// isFolder is false for a link: what it leads to is in another root.
func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
