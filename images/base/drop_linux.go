package base

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// drop becomes who the command is to run as, and gives up every right that it
// does not need. Not even root has a capability then, with which it could
// write to what is mounted read-only.
func (s spec) drop() error {
	if !s.Mapped {
		if err := s.changeUser(); err != nil {
			return err
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return setup(err, "giving up capabilities")
	}
	// Neither the exec to come nor any other gives one back.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return setup(err, "giving up privileges")
	}
	return dieWithParent()
}

func (s spec) changeUser() error {
	// What the command prints goes through a pipe of root's; a program that
	// opens /dev/stdout by name has to own it. Container runtimes do the same.
	if err := unix.Fchown(1, s.UID, s.GID); err != nil {
		return fmt.Errorf("handing over the output: %w", err)
	}
	if err := syscall.Setgroups(nil); err != nil {
		return fmt.Errorf("giving up groups: %w", err)
	}
	if err := syscall.Setresgid(s.GID, s.GID, s.GID); err != nil {
		return fmt.Errorf("becoming group %d: %w", s.GID, err)
	}
	if err := syscall.Setresuid(s.UID, s.UID, s.UID); err != nil {
		return fmt.Errorf("becoming user %d: %w", s.UID, err)
	}
	return nil
}

// dieWithParent has the kernel kill this process when the thread that started
// it ends. The kernel forgets that when a process changes its user, so it is
// asked last.
func dieWithParent() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("asking for the death signal: %w", err)
	}
	// A parent that was killed before that has left a pipe that nobody reads.
	pipe := []unix.PollFd{{Fd: reportFD}}
	if _, err := unix.Poll(pipe, 0); err != nil {
		return fmt.Errorf("looking for the parent: %w", err)
	}
	if pipe[0].Revents&unix.POLLERR != 0 {
		return os.ErrProcessDone
	}
	return nil
}
