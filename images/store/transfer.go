package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// attempt transfers what is missing, once, and verifies the whole.
func (d *download) attempt(ctx context.Context, place string) error {
	have, err := d.have()
	if err != nil {
		return d.local(err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cause := func() error { return context.Cause(ctx) }
	stalled := &transientError{err: fmt.Errorf("nothing received for %s", d.opt.IdleTimeout)}
	timer := time.AfterFunc(d.opt.IdleTimeout, func() { cancel(stalled) })
	defer timer.Stop()

	body, from, err := d.open(ctx, place, have)
	if err != nil {
		return cmp.Or(cause(), err)
	}
	err = d.receive(&watched{body, timer, d.opt.IdleTimeout, cause}, from)
	_ = body.Close() // every byte of it has been read, or the attempt has failed
	if err != nil {
		return err
	}

	err = verify(d.partial, d.in)
	corrupt, ok := errors.AsType[*CorruptError](err)
	if !ok {
		return d.local(err)
	}
	err = fmt.Errorf("sent wrong bytes: the file %s", corrupt.Reason)
	if from > 0 {
		err = &staleError{err}
	}
	return d.discard(err)
}

// have is the number of bytes to continue after. What is too long to be a part of the input, or is
// no file, is discarded.
func (d *download) have() (int64, error) {
	info, err := os.Lstat(d.partial)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() || info.Size() >= d.in.Size {
		return 0, d.discard(nil)
	}
	return info.Size(), nil
}

// receive writes body to the partial file, after the from bytes that are there or, if from is 0,
// instead of them. Of a body that is too long only the beginning is read: the hash judges it.
func (d *download) receive(body io.Reader, from int64) error {
	flag := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if from == 0 {
		flag |= os.O_TRUNC
	}
	f, err := os.OpenFile(d.partial, flag, 0o600)
	if err != nil {
		return d.local(err)
	}
	w := &sink{d, f, from}
	d.task.Set(from)
	_, err = io.Copy(w, io.LimitReader(body, d.in.Size-from))
	if closing := f.Close(); closing != nil {
		err = d.local(closing)
	}
	_, local := errors.AsType[*localError](err)
	switch {
	case local:
		return err
	case err != nil:
		return fmt.Errorf("stopped after %d of %d bytes: %w", w.pos, d.in.Size, err)
	case w.pos < d.in.Size:
		return &transientError{err: fmt.Errorf("ended after %d of %d bytes", w.pos, d.in.Size)}
	}
	return nil
}

// sink writes to the partial file of a download and counts.
type sink struct {
	d   *download
	f   *os.File
	pos int64 // bytes in the file
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.f.Write(p)
	s.pos += int64(n)
	s.d.task.Set(s.pos)
	return n, s.d.local(err)
}

// watched reads a body, and gives up when the place sends nothing for too long. The time that the
// reader's caller takes, such as a slow disk, does not count.
type watched struct {
	body    io.Reader
	timer   *time.Timer // cancels the transfer
	timeout time.Duration
	cause   func() error // why the transfer was cancelled, nil if it was not
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.cause(); err != nil {
		return 0, err
	}
	w.timer.Reset(w.timeout)
	n, err := w.body.Read(p)
	w.timer.Stop()
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, cmp.Or(w.cause(), error(&transientError{err: err}))
}
