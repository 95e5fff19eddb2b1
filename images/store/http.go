package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// newClient is the client of those who bring none. Its timeouts end before IdleTimeout does, and say
// better what happened.
func newClient() *http.Client {
	// HTTP/1.1 only: a retry then uses a new connection, where HTTP/2 would stay on the one that
	// has gone silent, and parallel downloads do not share one.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 20 * time.Second,
		Protocols:             protocols,
	}}
}

func (d *download) request(ctx context.Context, u *url.URL, have int64) (io.ReadCloser, int64, error) {
	resp, err := d.opt.ask(ctx, u, have)
	if err != nil {
		return nil, 0, err
	}
	from, err := d.answer(resp, have)
	if err != nil {
		_ = resp.Body.Close() // not read: the answer is useless
		return nil, 0, err
	}
	return resp.Body, from, nil
}

// ask sends a request for the file after its first have bytes.
func (o Options) ask(ctx context.Context, u *url.URL, have int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "nginx-scratch")
	req.Header.Set("Accept-Encoding", "identity") // the bytes that were hashed, not unpacked on the way
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	resp, err := o.Client.Do(req)
	if err != nil {
		return nil, connectError(err)
	}
	return resp, nil
}

// statusError is the status of a response. Not resp.Status, whose text is the
// server's and would reach the terminal.
func statusError(resp *http.Response) error {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return missingError(text)
	}
	return errors.New(text)
}

// connectError tells what may work a moment later from what will not.
func connectError(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // the address is named by whoever reports this
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return err
	}
	return &transientError{err: err}
}

// refusal is why a response does not have the whole file, nil if it does.
func refusal(resp *http.Response) error {
	status := statusError(resp)
	code := resp.StatusCode
	again := []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}
	switch {
	case code == http.StatusOK:
		return nil
	case code >= 500 || slices.Contains(again, code):
		return &transientError{status, RetryAfter(resp.Header, maxDelay)}
	}
	return status
}

// answer judges the header of a response: where its body begins, or why it is of no use.
func (d *download) answer(resp *http.Response, have int64) (from int64, err error) {
	switch resp.StatusCode {
	case http.StatusOK:
		if n := resp.ContentLength; n >= 0 && n != d.in.Size {
			return 0, fmt.Errorf("offers %d bytes, not %d", n, d.in.Size)
		}
		return 0, nil
	case http.StatusPartialContent:
		header := resp.Header.Get("Content-Range")
		first, total, err := parseContentRange(header)
		if err != nil || first != have || total != d.in.Size && total >= 0 {
			return 0, d.discard(&staleError{fmt.Errorf("asked for bytes from %d of %d, answered %.60q", have, d.in.Size, header)})
		}
		return have, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, d.discard(&staleError{statusError(resp)})
	default:
		return 0, refusal(resp)
	}
}
