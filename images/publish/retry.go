package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	maxDelay = 30 * time.Second // between two attempts, where the registry does not ask for more
	maxAfter = 5 * time.Minute  // more than that is asked of the person, who may have better things to do
)

// transientError may not happen again.
type transientError struct {
	err   error
	after time.Duration // how long the registry asks to be left alone, 0 if it does not say
}

func (e *transientError) Error() string { return e.err.Error() }
func (e *transientError) Unwrap() error { return e.err }

// plainError refuses to send anything over a connection that anybody can read.
type plainError struct{ host string }

func (e *plainError) Error() string {
	return "http is not used for " + e.host + ": -insecure allows it"
}

// network tells what may work a moment later from what will not.
func network(err error) error {
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return err
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return err // it does not speak https
	}
	return &transientError{err: err}
}

// retry does one step until it is done, refused, or was tried often enough.
// What is the step, for messages. A step may be done again at any time, for
// each begins with a look at what is there already.
func (r *Repository) retry(ctx context.Context, what string, step func() error) error {
	for n := 1; ; n++ {
		err := step()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		}
		transient, ok := errors.AsType[*transientError](err)
		switch {
		case !ok:
			return fmt.Errorf("%s: %w", what, r.explain(err))
		case transient.after > maxAfter:
			return fmt.Errorf("%s: %w: the registry asks to be left alone for more than %s; run again later", what, r.explain(err), maxAfter)
		case n >= r.opt.Attempts:
			return fmt.Errorf("%s: %w (attempt %d of %d)", what, r.explain(err), n, n)
		}
		wait := delay(r.opt.Backoff, n, transient.after)
		r.opt.Progress.Note(fmt.Sprintf("%s: %v; attempt %d of %d in %s", what, r.explain(err), n+1, r.opt.Attempts, wait))
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// delay is the wait after the failed attempt n, counted from 1: base, doubled
// each time, or what the registry asked for if that is longer.
func delay(base time.Duration, n int, after time.Duration) time.Duration {
	d := min(base, maxDelay)
	for range n - 1 {
		d = min(2*d, maxDelay)
	}
	return max(d, after)
}
