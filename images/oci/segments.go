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
type segments []segment

type segment struct {
	data []byte
	file bool // the content of one
}

// content writes the content of a file, as a segment of its own if it is large.
func (s *segments) content(tw *tar.Writer, data []byte) error {
	// The headers before have been written to s, and the filling after comes with the next.
	if len(data) >= large {
		*s = append(*s, segment{file: true})
		defer func() { *s = append(*s, segment{}) }()
	}
	_, err := tw.Write(data)
	return err
}

// Write adds data to the last segment.
func (s *segments) Write(data []byte) (int, error) {
	if len(*s) == 0 {
		*s = segments{{}}
	}
	last := &(*s)[len(*s)-1].data
	*last = append(*last, data...)
	return len(data), nil
}

// gzipHeader has no name, no time and no system (RFC 1952, 2.3).
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// gzip gives one member with all segments. Compress is how the contents of large files
// are compressed.
func (s *segments) gzip(compress func(dst, data []byte) []byte) []byte {
	packed := make([][]byte, len(*s))
	var wg sync.WaitGroup
	for i, part := range *s {
		wg.Go(func() {
			if part.file {
				packed[i] = compress(nil, part.data)
			} else {
				packed[i] = deflate.Append(nil, part.data)
			}
		})
	}
	wg.Wait()
	out := append([]byte(gzipHeader), slices.Concat(packed...)...)
	out = append(out, deflate.Final...)
	var sum, size uint32
	for _, part := range *s {
		sum = crc32.Update(sum, crc32.IEEETable, part.data)
		size += uint32(len(part.data)) //nolint:gosec // the format has it modulo 1<<32
	}
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, sum), size)
}
