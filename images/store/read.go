package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Read gets a file whose hash is not known beforehand, such as a signed index:
// whoever asks verifies it. It is not kept. Places are absolute http, https or
// file URLs, tried in order; a file of more than limit bytes is an error.
func Read(ctx context.Context, name string, places []string, limit int64, opt Options) (data []byte, err error) {
	opt = opt.withDefaults()
	if opt.Client == nil {
		opt.Client = newClient()
		defer opt.Client.CloseIdleConnections()
	}
	var reasons []error
	for _, place := range places {
		err := opt.retry(ctx, name+": "+redact(place), func() (err error) {
			data, err = opt.get(ctx, place, limit)
			return err
		})
		if err == nil {
			return data, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("reading %s: %w", name, ctx.Err())
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", redact(place), err))
	}
	return nil, fmt.Errorf("reading %s: %w", name, &unavailableError{reasons})
}

// get is one attempt to read the whole of place.
func (o Options) get(ctx context.Context, place string, limit int64) ([]byte, error) {
	u, err := parsePlace(place)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cause := func() error { return context.Cause(ctx) }
	stalled := &transientError{err: fmt.Errorf("nothing received for %s", o.IdleTimeout)}
	timer := time.AfterFunc(o.IdleTimeout, func() { cancel(stalled) })
	defer timer.Stop()

	body, size, err := o.open(ctx, u)
	if err != nil {
		return nil, cmp.Or(cause(), err)
	}
	defer func() { _ = body.Close() }() // every byte of it has been read, or the attempt has failed
	if size > limit {
		return nil, fmt.Errorf("has %d bytes, and %d are allowed", size, limit)
	}
	data, err := io.ReadAll(io.LimitReader(&watched{body, timer, o.IdleTimeout, cause}, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("stopped after %d bytes: %w", len(data), err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("has more than the %d bytes that are allowed", limit)
	case size >= 0 && int64(len(data)) != size:
		return nil, &transientError{err: fmt.Errorf("ended after %d of %d bytes", len(data), size)}
	}
	return data, nil
}

// open begins to read the whole of a file. Size is -1 where it is not known.
func (o Options) open(ctx context.Context, u *url.URL) (body io.ReadCloser, size int64, err error) {
	if u.Scheme == "file" {
		file, size, err := openFile(u)
		return file, size, err
	}
	resp, err := o.ask(ctx, u, 0)
	if err != nil {
		return nil, 0, err
	}
	if err := refusal(resp); err != nil {
		_ = resp.Body.Close() // not read: the answer is useless
		return nil, 0, err
	}
	return resp.Body, resp.ContentLength, nil
}

// Answers says whether place has a file, and nil only if it said so within the
// given time. Nothing is asked twice.
func Answers(ctx context.Context, place string, within time.Duration) error {
	u, err := parsePlace(place)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	o := Options{Client: newClient()}
	defer o.Client.CloseIdleConnections()
	body, _, err := o.open(ctx, u)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: no answer within %s", redact(place), within)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", redact(place), err)
	}
	return body.Close()
}

// Put adds data to the store, as the input in that has its bytes.
func (s *Store) Put(ctx context.Context, in Input, data []byte) (err error) {
	if err := in.check(); err != nil {
		return err
	}
	if verify(s.Path(in), in) == nil {
		return nil
	}
	lock, err := s.lock(ctx, in, nil)
	if err != nil {
		return diskError(s.dir, in, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if err := os.RemoveAll(s.Path(in)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	partial := s.partial(in)
	err = os.WriteFile(partial, data, 0o600)
	if err == nil {
		err = verify(partial, in)
	}
	if err == nil {
		err = s.keep(in)
	}
	if err != nil {
		err = errors.Join(diskError(s.dir, in, err), os.RemoveAll(partial))
		return fmt.Errorf("keeping %s: %w", in.Name, err)
	}
	return nil
}

// parsePlace refuses what Fetch and Read cannot open.
func parsePlace(place string) (*url.URL, error) {
	u, err := url.Parse(place)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which may contain a password
		}
		return nil, err
	}
	switch {
	case u.Scheme == "http" || u.Scheme == "https":
		return u, nil
	case u.Scheme != "file":
		return nil, fmt.Errorf("scheme %q is not http, https or file", u.Scheme)
	case !filepath.IsAbs(filepath.FromSlash(u.Path)) || u.Host != "" && u.Host != "localhost":
		return nil, errors.New("is not of the form file:///absolute/path")
	}
	return u, nil
}

func openFile(u *url.URL) (file *os.File, size int64, err error) {
	path := filepath.FromSlash(u.Path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("is not a regular file")
	}
	file, err = os.Open(path)
	return file, info.Size(), err
}
