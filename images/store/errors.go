package store

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A failed attempt is one of these, or any other error, which sends the download to the next place.
type (
	// localError is this machine's fault: no other attempt or place would help.
	localError struct{ err error }

	// staleError says that the remains of an earlier attempt, now discarded, may be at fault.
	staleError struct{ err error }

	// transientError may not happen again.
	transientError struct {
		err   error
		after time.Duration // how long the place asks to be left alone, 0 if it does not say
	}
)

func (e *localError) Error() string     { return e.err.Error() }
func (e *localError) Unwrap() error     { return e.err }
func (e *staleError) Error() string     { return e.err.Error() }
func (e *staleError) Unwrap() error     { return e.err }
func (e *transientError) Error() string { return e.err.Error() }
func (e *transientError) Unwrap() error { return e.err }

// unavailableError says that no place had the input, and why, place by place.
type unavailableError struct{ reasons []error }

func (e *unavailableError) Error() string {
	if len(e.reasons) == 0 {
		return "no place is known that has it"
	}
	var b strings.Builder
	b.WriteString("no place has it:")
	for _, reason := range e.reasons {
		fmt.Fprintf(&b, "\n  %v", reason)
	}
	return b.String()
}

func (e *unavailableError) Unwrap() []error { return e.reasons }

// missingError is a server's word that it has no such file.
type missingError string

func (e missingError) Error() string        { return string(e) }
func (e missingError) Is(target error) bool { return target == fs.ErrNotExist }

// Missing reports whether an error of Fetch or Read says of each place that it
// answered, and does not have the file: there is nothing to wait for.
func Missing(err error) bool {
	e, ok := errors.AsType[*unavailableError](err)
	return ok && len(e.reasons) > 0 && !slices.ContainsFunc(e.reasons, func(reason error) bool {
		return !errors.Is(reason, fs.ErrNotExist)
	})
}

// diskError explains err if it is a full disk.
func diskError(dir string, in Input, err error) error {
	if !diskFull(err) {
		return err
	}
	return fmt.Errorf("the disk is full: %s needs %d bytes in %s, free some and run again: %w", in.Name, in.Size, dir, err)
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
