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
		if s.Loopback {
			attr.AmbientCaps = append(attr.AmbientCaps, unix.CAP_NET_ADMIN)
		}
	}
	return attr
}
