package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// retry asks one place until it has answered, said no, or been asked often
// enough. what names the file and the place in notes.
func (o Options) retry(ctx context.Context, what string, attempt func() error) error {
	fresh := false // whether place has been asked again for the file from its first byte
	for n := 1; ; {
		err := attempt()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, ok := errors.AsType[*staleError](err); ok && !fresh {
			fresh = true
			continue
		}
		transient, ok := errors.AsType[*transientError](err)
		if !ok {
			return err
		}
		if n == o.Attempts {
			return fmt.Errorf("%w (attempt %d of %d)", err, n, n)
		}
		wait := delay(o.Backoff, n, transient.after)
		n++
		o.Progress.Note(fmt.Sprintf("%s: %v; attempt %d of %d in %s", what, err, n, o.Attempts, wait))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
