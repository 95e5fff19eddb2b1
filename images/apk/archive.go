package apk

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

const blockSize = 512 // of a tar archive

// walk hands every entry of an unpacked member to visit, with the content of
// a regular file, which shares plain's memory. The end-of-archive blocks may
// be there or not: signature and control members are cut before them, so that
// the members together are one archive. Nothing may hide after the last entry.
func walk(plain []byte, limit int, visit func(*tar.Header, []byte) error) error {
	if len(plain)%blockSize != 0 {
		return fmt.Errorf("its %d bytes are no whole blocks of a tar archive", len(plain))
	}
	source := bytes.NewReader(plain)
	archive := tar.NewReader(source)
	end := 0
	for count := 0; ; count++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return zeros(plain[end:])
		}
		if err != nil {
			return fmt.Errorf("reading tar entry %d: %w", count+1, err)
		}
		begin := len(plain) - source.Len()
		err = admit(header, source.Len())
		switch {
		case err != nil:
		case count == limit:
			err = fmt.Errorf("the member has more than the %d entries allowed", limit)
		default:
			end = begin + int(header.Size)
			err = visit(header, plain[begin:end:end])
			end += (blockSize - end%blockSize) % blockSize
		}
		if err != nil {
			return fmt.Errorf("entry %.200q: %w", header.Name, err)
		}
	}
}

// zeros reports anything but zeros after the last entry: content, or a header
// that belongs to no entry.
func zeros(rest []byte) error {
	if len(bytes.Trim(rest, "\x00")) > 0 {
		return errors.New("something follows the end of its tar archive")
	}
	return nil
}

// admit refuses what no member needs and readers of tar disagree about.
func admit(header *tar.Header, left int) error {
	if header.Typeflag == tar.TypeXGlobalHeader {
		return errors.New("it is a pax header for all entries: such are not accepted")
	}
	if header.Typeflag == tar.TypeGNUSparse {
		return errors.New("it is a sparse file: such are not accepted")
	}
	size := 0
	for name, value := range header.PAXRecords {
		size += len(name) + len(value)
		if strings.HasPrefix(name, "GNU.sparse.") {
			return errors.New("it is a sparse file: such are not accepted")
		}
	}
	switch {
	case size > maxPax:
		return fmt.Errorf("its pax header is longer than %d bytes", maxPax)
	case header.Size < 0 || header.Size > int64(left):
		return fmt.Errorf("its size is %d, but the archive ends after %d bytes", header.Size, left)
	case header.Size > 0 && header.Typeflag != tar.TypeReg:
		return fmt.Errorf("it has the type %q and a size: only regular files have content", header.Typeflag)
	}
	return nil
}
