package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
)

// open asks place for the input after its first have bytes. The body begins after from bytes, which
// is have or 0.
func (d *download) open(ctx context.Context, place string, have int64) (body io.ReadCloser, from int64, err error) {
	u, err := url.Parse(place)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which may contain a password
		}
		return nil, 0, err
	}
	switch u.Scheme {
	case "file":
		body, err = d.openFile(u)
		return body, 0, err
	case "http", "https":
		return d.request(ctx, u, have)
	default:
		return nil, 0, fmt.Errorf("scheme %q is not http, https or file", u.Scheme)
	}
}

func (d *download) openFile(u *url.URL) (io.ReadCloser, error) {
	path := filepath.FromSlash(u.Path)
	if !filepath.IsAbs(path) || u.Host != "" && u.Host != "localhost" {
		return nil, errors.New("is not of the form file:///absolute/path")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	if info.Size() != d.in.Size {
		return nil, fmt.Errorf("has %d bytes, not %d", info.Size(), d.in.Size)
	}
	return os.Open(path)
}

// redact is place without the password it may contain.
func redact(place string) string {
	u, err := url.Parse(place)
	if err != nil {
		return "an address that cannot be read"
	}
	return u.Redacted()
}
