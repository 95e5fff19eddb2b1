package store

import (
	"context"
	"fmt"
	"io"
	"net/url"
)

// open asks place for the input after its first have bytes. The body begins after from bytes, which
// is have or 0.
func (d *download) open(ctx context.Context, place string, have int64) (body io.ReadCloser, from int64, err error) {
	u, err := parsePlace(place)
	if err != nil {
		return nil, 0, err
	}
	if u.Scheme != "file" {
		return d.request(ctx, u, have)
	}
	file, size, err := openFile(u)
	if err != nil {
		return nil, 0, err
	}
	if size != d.in.Size {
		_ = file.Close() // not read
		return nil, 0, fmt.Errorf("has %d bytes, not %d", size, d.in.Size)
	}
	return file, 0, nil
}

// redact is place without the password it may contain.
func redact(place string) string {
	u, err := url.Parse(place)
	if err != nil {
		return "an address that cannot be read"
	}
	return u.Redacted()
}
