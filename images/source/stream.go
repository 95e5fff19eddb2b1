package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// Limits bound what one archive may hold, against decompression bombs. What
// is not set allows nothing.
type Limits struct {
	Bytes   int64 // of the decompressed archive, headers and padding included
	Entries int   // files, directories and links
}

// A stream is the decompressed content of an archive. Reading more than max
// bytes is an error.
type stream struct {
	content *bufio.Reader
	max     int64
	count   int64 // bytes read
	zeros   int64 // zero bytes at the end of what was read
}

// decompress hands the content of a gzip or xz file to use, told apart by
// their first bytes, for a store names files by hash.
func decompress(archive string, limits Limits, use func(*stream) error) (err error) {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	packed := bufio.NewReader(file)
	magic, err := packed.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var content io.Reader
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		content, err = gzip.NewReader(packed)
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		content, err = newXZReader(file)
	default:
		err = fmt.Errorf("it begins with % x: only gzip and xz archives can be read", magic)
	}
	if err != nil {
		return err
	}
	return use(&stream{content: bufio.NewReader(content), max: limits.Bytes})
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.content.Read(p)
	s.count += int64(n)
	if s.count > s.max {
		return 0, fmt.Errorf("it holds more than the %d bytes allowed", s.max)
	}
	rest := len(bytes.TrimRight(p[:n], "\x00"))
	if rest > 0 {
		s.zeros = 0
	}
	s.zeros += int64(n - rest)
	return n, err
}

// Decompress hands the content of a gzip or xz file to use. Reading more than
// the limit of bytes is an error; one that is truncated is noticed by whoever
// reads to the end.
func Decompress(file string, limits Limits, use func(io.Reader) error) error {
	if err := decompress(file, limits, func(s *stream) error { return use(s) }); err != nil {
		return fmt.Errorf("unpacking %s: %w", file, err)
	}
	return nil
}
