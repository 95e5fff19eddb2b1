package store

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// download brings one absent input into the store; the caller holds its lock.
type download struct {
	store   *Store
	in      Input
	opt     Options
	partial string
	task    *progress.Task
}

// run tries the places in order, after what an earlier run may have left.
func (d *download) run(ctx context.Context) error {
	if verify(d.partial, d.in) == nil { // that run was killed between the last byte and the rename
		return d.local(d.store.keep(d.in))
	}
	var reasons []error
	for i, place := range d.in.Places {
		err := d.from(ctx, place)
		if err == nil {
			return d.local(d.store.keep(d.in))
		}
		if _, ok := errors.AsType[*localError](err); ok || ctx.Err() != nil {
			return err
		}
		reason := fmt.Errorf("%s: %w", redact(place), err)
		reasons = append(reasons, reason)
		if i < len(d.in.Places)-1 {
			d.opt.Progress.Note(fmt.Sprintf("%s: %v; trying the next place", d.in.Name, reason))
		}
	}
	return &unavailableError{reasons}
}

// from leaves the verified file in the partial one, or says why place cannot give it.
func (d *download) from(ctx context.Context, place string) error {
	return d.opt.retry(ctx, d.in.Name+": "+redact(place), func() error { return d.attempt(ctx, place) })
}

// discard removes the partial file and returns err.
func (d *download) discard(err error) error {
	if failed := os.RemoveAll(d.partial); failed != nil {
		return &localError{errors.Join(err, failed)}
	}
	return err
}

// local marks err, if there is one, as this machine's. A full disk is not left full.
func (d *download) local(err error) error {
	if err == nil {
		return nil
	}
	if diskFull(err) {
		err = d.discard(diskError(d.store.dir, d.in, err))
	}
	return &localError{err}
}
