package base

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
)

func unavailable(cause error) error {
	return fmt.Errorf("%w: %w; it needs Linux 5.12 or newer and the right to make namespaces: run as root "+
		"(in a container: a privileged one), or let ordinary users make them "+
		"(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, "+
		"and on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0)", ErrUnavailable, cause)
}

// startError tells a machine that does not allow namespaces from any other
// reason why a process cannot be started. Clone says EINVAL where the kernel
// was built without them, and ENOSPC or EUSERS where there are too many.
func startError(err error) error {
	errno, _ := errors.AsType[syscall.Errno](err)
	if forbidden(err) || slices.Contains([]syscall.Errno{syscall.EINVAL, syscall.ENOSPC, syscall.EUSERS}, errno) {
		return unavailable(err)
	}
	return fmt.Errorf("starting a sandbox: %w", err)
}

func forbidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported)
}

// setupError is what the kernel answered while the sandbox was set up, apart
// from errors in what the caller asked for.
type setupError struct {
	doing string
	err   error
}

func (e *setupError) Error() string { return e.doing + ": " + e.err.Error() }
func (e *setupError) Unwrap() error { return e.err }

// setup returns nil if err is nil.
func setup(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	return &setupError{doing: fmt.Sprintf(doing, args...), err: err}
}

// report is how the helper tells the parent of a failure.
type report struct {
	Text      string
	Forbidden bool // by the machine, whatever the command
}

func newReport(err error) report {
	s, ok := errors.AsType[*setupError](err)
	return report{Text: err.Error(), Forbidden: ok && forbidden(s.err)}
}

func (r report) err() error {
	err := errors.New(r.Text)
	if r.Forbidden {
		return unavailable(err)
	}
	return err
}
