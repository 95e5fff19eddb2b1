// Package base is the place where things are compiled and tried: one command
// at a time, at constant paths, without a network, seeing only what it was
// given.
//
// A command runs in Linux namespaces of its own, without a capability whoever
// it runs as, below a root that is read-only but for /tmp, /dev/shm and what
// the caller mounts writable. It is process 1 there: when it ends, or when the
// caller is killed, everything that it started ends with it.
package base

import (
	"context"
	"errors"
	"io"
)

// ErrUnavailable is wrapped by the errors of machines that do not allow a
// sandbox, whatever the command.
var ErrUnavailable = errors.New("this machine cannot run the build in a sandbox")

// Path is the PATH of commands in a sandbox. It is fixed: whoever calls the
// build must not change what compiles. It also serves Alpine, where it is in
// another order.
const Path = "/usr/bin:/bin:/usr/sbin:/sbin"

// Toolchain describes the compiler that commands find in Path.
type Toolchain struct {
	ID      string   // SHA-256, in hexadecimal, that names all of it
	GCC     int      // major version
	Version string   // as the compiler prints it
	Headers []string // folders of the kernel's user headers
	// Prefix is what the names of a cross compiler's programs begin with, and
	// Emulator the name of what runs its output; empty for the machine's own.
	Prefix, Emulator string
}

// Mount shows the host's Source, a file or a folder, at the absolute path
// Target inside.
type Mount struct {
	Source, Target string
	Writable       bool
}

// Command is one command and the root it runs in.
type Command struct {
	// Root is a folder that becomes / inside, read-only. It has to have the
	// folders dev and proc, and the targets of Mounts, but for those below its
	// dev, tmp and build, which are covered. Empty means the system folders of
	// this machine: its compiler, but no user's files.
	Root   string
	Mounts []Mount
	Argv   []string // not empty; a name without a slash is looked for in Env's PATH
	Env    []string // all of it: nothing is inherited
	Dir    string   // absolute, inside
	// UID and GID are who the command runs as; 0 is root, or the caller.
	UID, GID int
	// Loopback makes the network as container engines do, of one container alone:
	// lo is up, without which no name is found, not even in /etc/hosts, and
	// everybody may listen on any port, unless this machine is a container itself.
	Loopback bool
	// Output receives what the command prints, stdout and stderr as one. Nil
	// discards it.
	Output io.Writer
}

// Run runs the command to its end. When ctx ends it is killed, with all it
// started, and the error is the cause. A command that fails is an
// *exec.ExitError.
func Run(ctx context.Context, c Command) error {
	err := run(ctx, c)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
