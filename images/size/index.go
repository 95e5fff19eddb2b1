package size

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
)

// index returns the names in the symbol index of a static library: its first
// member, called "/". Link-time optimization hides symbols from ELF readers,
// but not from this index, which the compiler's own ar wrote. A library
// without members has none.
func index(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseIndex(data)
}

func parseIndex(data []byte) ([]string, error) {
	rest, ok := bytes.CutPrefix(data, []byte(arMagic))
	if !ok {
		return nil, errors.New("it is no static library")
	}
	if len(rest) == 0 {
		return nil, nil
	}
	if len(rest) < arHeaderSize {
		return nil, errors.New("it is truncated")
	}
	header, rest := rest[:arHeaderSize], rest[arHeaderSize:]
	if name := strings.TrimSpace(string(header[:16])); name != "/" {
		return nil, fmt.Errorf("its first member is %q, not a symbol index", name)
	}
	size, err := strconv.ParseUint(strings.TrimSpace(string(header[48:58])), 10, 32)
	if err != nil || size < 4 || size > uint64(len(rest)) {
		return nil, errors.New("its symbol index has a wrong size")
	}
	body := rest[:size]
	// A count, as many offsets of four bytes, as many names that end in zero.
	count := uint64(binary.BigEndian.Uint32(body))
	if names := 4 + 4*count; names > size {
		return nil, errors.New("its symbol index has a wrong count")
	}
	var names []string
	for name := range bytes.SplitSeq(body[4+4*count:], []byte{0}) {
		if uint64(len(names)) == count {
			break
		}
		names = append(names, string(name))
	}
	if uint64(len(names)) != count {
		return nil, errors.New("its symbol index is truncated")
	}
	return names, nil
}
