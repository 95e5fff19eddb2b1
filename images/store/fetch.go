package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// lockPoll is how often a process asks for a lock that another one holds.
const lockPoll = 100 * time.Millisecond

// remedy ends the error about inputs that no place had.
const remedy = "check the network, or name a mirror that has the files in DEBIAN_MIRROR or SOURCE_MIRROR"

// Options of Fetch. The zero value is what a build wants.
type Options struct {
	Client      *http.Client     // default: the environment's proxies; timeouts for connecting, none for the whole
	Progress    *progress.Output // default: silent
	Parallel    int              // inputs fetched at once; default 4
	Attempts    int              // requests to one place before the next is tried; default 4
	Backoff     time.Duration    // wait before the second attempt, doubled before each further one; default 500 ms
	IdleTimeout time.Duration    // an attempt fails when no byte arrives for this long; default 30 s
}

func (o Options) withDefaults() Options {
	o.Parallel = cmp.Or(o.Parallel, 4)
	o.Attempts = cmp.Or(o.Attempts, 4)
	o.Backoff = cmp.Or(o.Backoff, 500*time.Millisecond)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 30*time.Second)
	return o
}

// Fetch makes every input present and verified. What is there already opens no connection. An input
// that fails does not stop the others, so that one error names all that are missing and the
// next run has less to do. If ctx ends, the error is that of ctx.
//
// Several processes may fetch into one store at the same time: each input is downloaded by one.
func (s *Store) Fetch(ctx context.Context, inputs []Input, opt Options) error {
	opt = opt.withDefaults()
	if opt.Client == nil {
		opt.Client = newClient()
		defer opt.Client.CloseIdleConnections()
	}
	errs := make([]error, len(inputs))
	slots := make(chan struct{}, opt.Parallel)
	var wg sync.WaitGroup
	for i, in := range inputs {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := s.fetch(ctx, in, opt); err != nil {
				errs[i] = fmt.Errorf("fetching %s: %w", in.Name, err)
			}
		})
	}
	wg.Wait()
	err := errors.Join(errs...)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("fetching inputs: %w", ctx.Err())
	}
	if _, ok := errors.AsType[*unavailableError](err); ok {
		return fmt.Errorf("%w\n%s", err, remedy)
	}
	return err
}

// fetch makes one input present.
func (s *Store) fetch(ctx context.Context, in Input, opt Options) (err error) {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := in.check(); err != nil {
		return err
	}
	if verify(s.Path(in), in) == nil {
		return nil
	}
	lock, err := s.lock(ctx, in, opt.Progress)
	if err != nil {
		return diskError(s.dir, in, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()

	// Look again: another process may have fetched it while this one waited for the lock.
	err = verify(s.Path(in), in)
	switch corrupt, ok := errors.AsType[*CorruptError](err); {
	case err == nil:
		return nil
	case ok:
		opt.Progress.Note(fmt.Sprintf("%s: the cached file is corrupt and is fetched again: %v", in.Name, corrupt))
		if err := os.RemoveAll(corrupt.Path); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	task := opt.Progress.Start("fetching "+in.Name, in.Size)
	d := &download{store: s, in: in, opt: opt, partial: s.partial(in), task: task}
	err = d.run(ctx)
	task.Done(err)
	return err
}

// lock takes the lock of in, which dies with the process that holds it.
func (s *Store) lock(ctx context.Context, in Input, out *progress.Output) (*flock.Flock, error) {
	lock := flock.New(s.partial(in) + ".lock")
	ok, err := lock.TryLock()
	if err == nil && !ok {
		out.Note(in.Name + ": waiting for another build that is fetching it")
		_, err = lock.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		return nil, fmt.Errorf("locking it: %w", err)
	}
	return lock, nil
}
