package base

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// tree is a file system that is mounted nowhere yet. Its descriptor is never
// closed but by the exec that this process is about to make.
type tree struct {
	fd     int
	source string // a path of the machine; of one that is made, its kind
	target string
	isFile bool
	mode   string // of the top of a tmpfs, octal
	sealed bool   // becomes read-only when all is in place: for other mounts, not to write to
}

// openTree opens a file or folder of the machine, with all that is mounted
// below it: the kernel refuses an ordinary user anything less.
func openTree(m Mount) (tree, error) {
	info, err := os.Stat(m.Source)
	if err != nil {
		return tree{}, fmt.Errorf("mounting %s: %w", m.Target, err)
	}
	t := tree{source: m.Source, target: m.Target, isFile: !info.IsDir()}
	t.fd, err = unix.OpenTree(unix.AT_FDCWD, m.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err == nil && !m.Writable {
		return t, readOnly(t.fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)
	}
	return t, setup(err, "opening %s", m.Source)
}

// make makes a tmpfs or a proc file system. The latter is read-only: most of
// what can be written there changes the machine.
func (t tree) make() (tree, error) {
	attr := unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	if t.source == "proc" {
		attr |= unix.MOUNT_ATTR_NOEXEC | unix.MOUNT_ATTR_RDONLY
	}
	fd, err := unix.Fsopen(t.source, unix.FSOPEN_CLOEXEC)
	if err == nil && t.mode != "" {
		err = unix.FsconfigSetString(fd, "mode", t.mode)
	}
	if err == nil {
		err = unix.FsconfigCreate(fd)
	}
	if err == nil {
		t.fd, err = unix.Fsmount(fd, unix.FSMOUNT_CLOEXEC, attr)
	}
	return t, setup(err, "making %s", t.target)
}

// pivot makes the tree the root of this process, and lets go of the machine's.
func (t tree) pivot() error {
	if err := t.place(); err != nil {
		return err
	}
	if err := setup(unix.Fchdir(t.fd), "entering the root"); err != nil {
		return err
	}
	if err := setup(unix.PivotRoot(".", "."), "changing the root"); err != nil {
		return err
	}
	// The old root is now mounted over the new one.
	if err := setup(unix.Unmount(".", unix.MNT_DETACH), "leaving the old root"); err != nil {
		return err
	}
	return setup(os.Chdir("/"), "entering the root")
}

// place mounts the tree at its target, which is made if it is missing.
func (t tree) place() error {
	if err := t.makeTarget(); err != nil {
		return fmt.Errorf("mounting %s at %s: %w", t.source, t.target, err)
	}
	err := unix.MoveMount(t.fd, "", unix.AT_FDCWD, t.target, unix.MOVE_MOUNT_F_EMPTY_PATH)
	return setup(err, "mounting %s at %s", t.source, t.target)
}

func (t tree) makeTarget() error {
	info, err := os.Stat(t.target)
	switch {
	case err == nil && info.IsDir() == t.isFile:
		return errors.New("one is a file and the other a folder")
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return err
	case !t.isFile:
		return os.MkdirAll(t.target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(t.target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(t.target, nil, 0o600)
}

func readOnly(dir int, path string, flags uint) error {
	err := unix.MountSetattr(dir, path, flags, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
	return setup(err, "making mounts read-only")
}
