package source

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/ulikunitz/xz"
)

const (
	maxDictionary = 28   // 64 MiB in the code of the format, what "xz -9" asks for
	maxHeader     = 1024 // bytes of a block header
)

// newXZReader reads an xz file from its beginning. It first checks what
// xz.Reader takes on trust: that the memory each block asks for is sensible,
// where a few hundred bytes may ask for 4 GiB over and over, and that a file
// which ends between two blocks is no whole one.
func newXZReader(file *os.File) (io.Reader, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkBlocks(bufio.NewReader(io.NewSectionReader(file, 0, info.Size()))); err != nil {
		return nil, err
	}
	footer := make([]byte, 2)
	if _, err := file.ReadAt(footer, info.Size()-int64(len(footer))); err != nil {
		return nil, err
	}
	if string(footer) != "YZ" {
		return nil, errors.New("the xz file is truncated: it does not end in a footer")
	}
	return xz.NewReader(bufio.NewReader(io.NewSectionReader(file, 0, info.Size())))
}

// checkBlocks looks for headers of hungry blocks. Where the blocks are is only
// known once they are decompressed, but everything in an xz file has a length
// divisible by four, and a header has a checksum to know it by.
func checkBlocks(r *bufio.Reader) error {
	for at := int64(0); ; at += 4 {
		header, err := r.Peek(maxHeader) // at the end of the file fewer, with io.EOF
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(header) < 4 {
			return nil
		}
		if isHungry(header) {
			return fmt.Errorf("the xz block at byte %d asks for a dictionary above 64 MiB", at)
		}
		if _, err := r.Discard(4); err != nil {
			return err
		}
	}
}

// isHungry reports that data begins with the header of a block that asks for
// too large a dictionary: its size, flags, up to two lengths and the one
// filter there can be (21 hexadecimal) with one byte for the dictionary;
// padding; a checksum.
func isHungry(data []byte) bool {
	size := 4*int(data[0]) + 4
	if size < 8 || size > len(data) {
		return false
	}
	fields := data[2 : size-4]
	numbers := 1 // the filter is one as well
	for _, flag := range []byte{0x40, 0x80} {
		if data[1]&flag != 0 {
			numbers++
		}
	}
	var number uint64
	for range numbers {
		var n int
		if number, n = binary.Uvarint(fields); n <= 0 {
			return false
		}
		fields = fields[n:]
	}
	if number != 0x21 || len(fields) < 2 || fields[1] <= maxDictionary {
		return false
	}
	return crc32.ChecksumIEEE(data[:size-4]) == binary.LittleEndian.Uint32(data[size-4:])
}
