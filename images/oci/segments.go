package oci

import (
	"archive/tar"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"sync"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
)

// large is how many bytes a file has that is a segment of its own. What it costs that
// no match reaches out of it is little beside them.
const large = 64 << 10

// segments are a tar stream, divided into the contents of large files and what is between
// them. They are compressed apart from each other, so that one which another image has
// too, such as the program when only its configuration has changed, need not be compressed again.
type segments [][]byte

// content writes the content of a file, as a segment of its own if it is large.
func (s *segments) content(tw *tar.Writer, data []byte) error {
	// The headers before have been written to s, and the filling after comes with the next.
	if len(data) >= large {
		*s = append(*s, nil)
		defer func() { *s = append(*s, nil) }()
	}
	_, err := tw.Write(data)
	return err
}

// Write adds data to the last segment.
func (s *segments) Write(data []byte) (int, error) {
	if len(*s) == 0 {
		*s = segments{nil}
	}
	last := &(*s)[len(*s)-1]
	*last = append(*last, data...)
	return len(data), nil
}

// gzipHeader has no name, no time and no system (RFC 1952, 2.3).
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// gzip gives one member with all segments. Compress is how each is compressed.
func (s *segments) gzip(compress func(dst, data []byte) []byte) []byte {
	packed := make([][]byte, len(*s))
	var wg sync.WaitGroup
	for i, part := range *s {
		wg.Go(func() { packed[i] = compress(nil, part) })
	}
	wg.Wait()
	out := append([]byte(gzipHeader), slices.Concat(packed...)...)
	out = append(out, deflate.Final...)
	var sum, size uint32
	for _, part := range *s {
		sum = crc32.Update(sum, crc32.IEEETable, part)
		size += uint32(len(part)) //nolint:gosec // the format has it modulo 1<<32
	}
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, sum), size)
}
