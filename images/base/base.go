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
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/moby/sys/reexec"
	"golang.org/x/sys/unix"
)

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

func run(ctx context.Context, c Command) error {
	if len(c.Argv) == 0 {
		return errors.New("starting a sandbox: the command is empty")
	}
	// What sets the sandbox up reports its own failure apart from the
	// command's output, so that the two cannot be confused.
	reports, reporter, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting a sandbox: %w", err)
	}
	defer func() { _ = reports.Close() }() // only read
	cmd, err := helperCommand(ctx, c)
	if err != nil {
		return fmt.Errorf("starting a sandbox: %w", err)
	}
	cmd.ExtraFiles = []*os.File{reporter}

	// The helper dies with this thread: see dieWithParent.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Start()
	_ = reporter.Close() // the helper holds its own
	if err != nil {
		return startError(err)
	}
	var failure report
	reportErr := gob.NewDecoder(reports).Decode(&failure)
	err = cmd.Wait()
	switch {
	case reportErr == nil:
		return failure.err()
	case !errors.Is(reportErr, io.EOF):
		return errors.Join(fmt.Errorf("reading from the sandbox: %w", reportErr), err)
	}
	return err
}

// killDelay is how long output may still come from a pipe whose processes are
// all gone.
const killDelay = 5 * time.Second

// helperCommand starts this program again, to set the sandbox up and become
// the command.
func helperCommand(ctx context.Context, c Command) (*exec.Cmd, error) {
	output := &pipe{cmp.Or(c.Output, io.Discard)} // one pointer: exec makes one pipe for both
	c.Output = nil                                // stays here
	s := spec{Command: c, Mapped: os.Geteuid() != 0}
	input, err := s.encode()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, reexec.Self())
	cmd.Args = []string{helperName}
	cmd.Env = []string{}
	cmd.Stdin = input
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = s.namespaces()
	cmd.WaitDelay = killDelay
	return cmd, nil
}

// pipe hides that a writer is a file, which the command would get as it is: a
// terminal to type into, or a file of the caller's to take over.
type pipe struct{ io.Writer }

// namespaces asks for new ones; an ordinary user needs a user namespace to be
// allowed the others.
func (s spec) namespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Setsid: true, // no terminal, and none of its signals
	}
	if s.Mapped {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		// An ordinary user may map one ID only: itself, to whoever the
		// command is to run as.
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: s.UID, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: s.GID, HostID: os.Getegid(), Size: 1}}
		// Where that is not root, starting the helper would lose the right to mount.
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
	}
	return attr
}
