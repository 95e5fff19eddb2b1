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
	if s.Loopback {
		if err := setup(loopback(), "bringing the loopback interface up"); err != nil {
			return err
		}
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
	for _, t := range append(trees, root) {
		if t.sealed {
			err = errors.Join(err, readOnly(t.fd, "", unix.AT_EMPTY_PATH))
		}
	}
	return err
}

// loopback brings the interface lo up, and opens ports below 1024 where the machine's
// /proc can be written to: in a container it often cannot.
func loopback() error {
	_ = os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0) // of the new network
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	lo, err := unix.NewIfreq("lo")
	if err == nil {
		lo.SetUint16(unix.IFF_UP)
		err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
	}
	return errors.Join(err, unix.Close(fd))
}

// root opens what becomes /.
func (s spec) root() (tree, error) {
	if s.Root == "" {
		return tree{source: "tmpfs", target: "/", mode: "755", sealed: true}.make()
	}
	return openTree(Mount{Source: s.Root, Target: "/"})
}

// open opens all that is below /, in the order in which it is put into place.
func (s spec) open() ([]tree, error) {
	list := []tree{
		{source: "proc", target: "/proc"},
		{source: "tmpfs", target: "/dev", mode: "755", sealed: true},
		{source: "tmpfs", target: "/dev/shm", mode: "1777"},
	}
	if s.Root == "" || isFolder(filepath.Join(s.Root, "tmp")) {
		list = append(list, tree{source: "tmpfs", target: "/tmp", mode: "1777"})
	}
	// A Root is read-only, so there the targets of mounts need a place.
	if s.Root != "" && isFolder(filepath.Join(s.Root, "build")) {
		list = append(list, tree{source: "tmpfs", target: "/build", mode: "755", sealed: true})
	}
	var trees []tree
	for _, t := range list {
		made, err := t.make()
		if err != nil {
			return nil, err
		}
		trees = append(trees, made)
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
