package base

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// InRoot returns the toolchain of a root, the folder of Command.Root, or an
// error that says what its packages lack. Its programs run in a sandbox. The
// id, which is not empty, names what is in the root to the byte, such as a hash
// of its packages' checksums: nothing is hashed here.
func InRoot(ctx context.Context, root, id string) (Toolchain, error) {
	dir, err := os.Open(root)
	if err != nil {
		return Toolchain{}, fmt.Errorf("looking for a toolchain: %w", err)
	}
	defer func() { _ = dir.Close() }() // only read
	t, missing, err := survey(ctx, rootFolder{dir})
	switch {
	case err != nil && ctx.Err() != nil:
		return Toolchain{}, context.Cause(ctx)
	case err != nil:
		return Toolchain{}, err
	case len(missing) > 0:
		what, packages := names(missing, func(n need) string { return n.alpine })
		return Toolchain{}, fmt.Errorf("compiling needs %s, which the base's packages lack: add %s to them",
			strings.Join(what, ", "), strings.Join(packages, ", "))
	}
	sum := sha256.Sum256([]byte("root " + id)) // no host has this ID
	t.ID = hex.EncodeToString(sum[:])
	return t, nil
}

// rootFolder is a root, whose programs are asked in a sandbox.
type rootFolder struct{ dir *os.File }

func (rootFolder) folders() (path, include string) { return Path, "/usr/include" }

func (rootFolder) needs() ([]need, need) { return required, kernelHeaders }

// stat takes an absolute link, such as that of /bin/sed to /bin/busybox, for
// one within the root.
func (r rootFolder) stat(name string) (fs.FileInfo, error) {
	fd, err := unix.Openat2(int(r.dir.Fd()), name, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }() // nothing was read
	return f.Stat()
}

func (r rootFolder) ask(ctx context.Context, program string, args ...string) (string, error) {
	var out bytes.Buffer
	err := Run(ctx, Command{
		Root: r.dir.Name(), Argv: append([]string{program}, args...), Env: environment(Path), Dir: "/", Output: &out,
	})
	said := strings.TrimSpace(out.String())
	switch {
	case errors.Is(err, ErrUnavailable): // says all
		return "", err
	case err != nil && said != "": // such as a library that is missing
		return "", fmt.Errorf("asking %s %s: %w: %s", program, args[0], err, strings.ReplaceAll(said, "\n", "; "))
	case err != nil:
		return "", fmt.Errorf("asking %s %s: %w", program, args[0], err)
	}
	return said, nil
}
