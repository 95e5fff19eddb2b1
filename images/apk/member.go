package apk

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// inflate unpacks the gzip member that data begins with, verifies its
// checksum, and says how many bytes of data are that member's. A bytes.Reader
// gives single bytes, so nothing after the member is read.
func inflate(data []byte, limit int64) (plain []byte, size int, err error) {
	source := bytes.NewReader(data)
	member, err := open(source)
	if err != nil {
		return nil, 0, err
	}
	if plain, err = io.ReadAll(io.LimitReader(member, limit+1)); err != nil {
		return nil, 0, fmt.Errorf("unpacking: %w", whole(err))
	}
	if int64(len(plain)) > limit {
		return nil, 0, fmt.Errorf("it unpacks to more than the %d bytes allowed", limit)
	}
	return plain, len(data) - source.Len(), nil
}

// first is the name of the first tar entry of the gzip member that data begins
// with, which tells what member it is; empty where there are no entries. No
// more of the member is unpacked than that takes.
func first(data []byte) (string, error) {
	member, err := open(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	header, err := tar.NewReader(io.LimitReader(member, 2*maxPax)).Next()
	if errors.Is(err, io.EOF) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading its first entry: %w", whole(err))
	}
	return header.Name, nil
}

func open(source *bytes.Reader) (*gzip.Reader, error) {
	if source.Len() == 0 {
		return nil, errors.New("it is missing: the file is truncated")
	}
	member, err := gzip.NewReader(source)
	if err != nil {
		return nil, fmt.Errorf("it does not begin as gzip: %w", whole(err))
	}
	member.Multistream(false)
	return member, nil
}

// whole says what an early end means.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is truncated")
	}
	return err
}
