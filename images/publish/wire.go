package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// wire is what all requests go through, below go-containerregistry: it gives up
// on those that stall, and tells what is worth another attempt.
type wire struct {
	inner    http.RoundTripper
	idle     time.Duration
	insecure bool
	strict   bool // answers that ask for another attempt are errors
}

// RoundTrip sends one request.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !w.insecure && !onThisMachine(req.URL.Hostname()) {
		if req.Body != nil {
			_ = req.Body.Close() // not read
		}
		return nil, &plainError{req.URL.Host}
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(w.idle, func() { cancel(&transientError{err: fmt.Errorf("nothing moved for %s", w.idle)}) })
	life := &life{timer: timer, idle: w.idle, cause: func() error { return context.Cause(ctx) }, end: func() { cancel(nil) }}
	resp, err := w.inner.RoundTrip(life.watch(ctx, req))
	timer.Stop()
	if err != nil {
		defer cancel(nil)
		return nil, cmp.Or(life.cause(), network(err))
	}
	resp.Body = &received{resp.Body, life}
	if !w.strict || !again(resp.StatusCode) {
		return resp, nil
	}
	err = transport.CheckError(resp) // reads what the registry says about it
	_ = resp.Body.Close()            // has been read
	return nil, &transientError{err, store.RetryAfter(resp.Header, maxAfter+time.Second)}
}

// onThisMachine reports whether a connection to host never leaves it.
func onThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && address.IsLoopback()
}

// again reports whether the same request may be answered otherwise later.
func again(status int) bool {
	passing := []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}
	lasting := []int{http.StatusNotImplemented, http.StatusHTTPVersionNotSupported}
	return slices.Contains(passing, status) || status >= 500 && !slices.Contains(lasting, status)
}

// life ends a request of which no byte moves.
type life struct {
	timer *time.Timer
	idle  time.Duration
	cause func() error // why the request was cancelled, nil if it was not
	end   func()
}

// watch returns the request with a body that reports each read.
func (l *life) watch(ctx context.Context, req *http.Request) *http.Request {
	req = req.Clone(ctx)
	if req.Body == nil || req.Body == http.NoBody {
		return req
	}
	req.Body = &sending{req.Body, l}
	if anew := req.GetBody; anew != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := anew()
			return &sending{body, l}, err
		}
	}
	return req
}

// sending is the body of a request. That it is read shows that what was read
// before is on its way.
type sending struct {
	io.ReadCloser

	life *life
}

// Read reads on.
func (s *sending) Read(p []byte) (int, error) {
	if s.life.timer.Stop() { // else the request has been given up, or answered
		s.life.timer.Reset(s.life.idle)
	}
	return s.ReadCloser.Read(p)
}

// received is the body of an answer. The time that its reader takes between
// reads does not count.
type received struct {
	io.ReadCloser

	life *life
}

// Read reads on.
func (r *received) Read(p []byte) (int, error) {
	r.life.timer.Reset(r.life.idle)
	n, err := r.ReadCloser.Read(p)
	r.life.timer.Stop()
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, cmp.Or(r.life.cause(), network(err))
}

// Close ends the request.
func (r *received) Close() error {
	err := r.ReadCloser.Close()
	r.life.end()
	return err
}
