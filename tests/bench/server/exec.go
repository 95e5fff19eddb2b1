package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ExecWord is the first argument of this program where it is to become another one.
const ExecWord = "exec-here"

// said is where Exec says when it was: the file after the standard ones.
const said = 3

// Exec becomes the program of args, after a root: it says when on file 3, as nanoseconds
// of the monotonic clock. It only returns if that fails.
func Exec(args []string) error {
	if len(args) < 2 {
		return errors.New("becoming a program: a root and the program are needed")
	}
	syscall.CloseOnExec(said)
	err := errors.Join(syscall.Chroot(args[0]), os.Chdir(folder), syscall.Setgroups(nil), syscall.Setgid(user), syscall.Setuid(user))
	if err != nil {
		return fmt.Errorf("becoming %s: %w", args[1], err)
	}
	now, err := monotonic()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.NewFile(said, "said"), now); err != nil {
		return fmt.Errorf("becoming %s: %w", args[1], err)
	}
	return fmt.Errorf("becoming %s: %w", args[1], syscall.Exec(args[1], args[1:], []string{}))
}

// monotonic is a clock that all processes share, in nanoseconds.
func monotonic() (int64, error) {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano(), err
}

// execProgram starts this program on a CPU, to become one of root, the leader of a group of
// its own, and says when it did. What it writes to stderr goes to log.
func execProgram(ctx context.Context, cpu int, log *strings.Builder, root string, argv ...string) (cmd *exec.Cmd, began int64, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, 0, err
	}
	tells, told, err := os.Pipe()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, tells.Close()) }()
	cmd = exec.CommandContext(ctx, self, append([]string{ExecWord, root}, argv...)...)
	cmd.Stderr, cmd.ExtraFiles = log, []*os.File{told}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(startOn(cpu, cmd), told.Close()); err != nil {
		return cmd, 0, err
	}
	if _, err := fmt.Fscanln(tells, &began); err != nil {
		return cmd, 0, fmt.Errorf("it did not say when it began: %w", err)
	}
	return cmd, began, nil
}

// startOn starts the process on a CPU: it has that of the thread that makes it.
func startOn(cpu int, cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, wanted unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	wanted.Set(cpu)
	if err := unix.SchedSetaffinity(0, &wanted); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &before))
}
