package source_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/ulikunitz/xz"
)

// TestHungryBlocks has an xz file of several blocks, of which the last asks
// for a dictionary of 96 MiB, or of 4 GiB.
func TestHungryBlocks(t *testing.T) {
	t.Parallel()
	data := xzip(t, good(t), xz.WriterConfig{BlockSize: 4096})
	at := lastHeader(t, data)
	for _, code := range []byte{29, 40} {
		hungry := bytes.Clone(data)
		header := hungry[at : at+4*int(data[at])+4]
		header[bytes.Index(header, []byte{0x21, 1})+2] = code
		sum := len(header) - 4
		binary.LittleEndian.PutUint32(header[sum:], crc32.ChecksumIEEE(header[:sum]))
		refuses(t, hungry, limits, "dictionary above 64 MiB")
	}
}

// lastHeader finds the last block header in an xz file.
func lastHeader(t *testing.T, data []byte) int {
	t.Helper()
	for at := len(data) - 12; at > 12; at -= 4 {
		size := 4*int(data[at]) + 4
		if data[at] == 0 || at+size > len(data) || !bytes.Contains(data[at:at+size], []byte{0x21, 1}) {
			continue
		}
		if sum := at + size - 4; crc32.ChecksumIEEE(data[at:sum]) == binary.LittleEndian.Uint32(data[sum:]) {
			return at
		}
	}
	t.Fatal("no block header after the first")
	return 0
}
