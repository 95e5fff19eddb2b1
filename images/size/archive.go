package size

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
)

// member is a file in a static library.
type member struct {
	name string
	data []byte
	// defines are names that the library's index has for it: link-time optimization
	// hides symbols from ELF readers, but not from the compiler's own ar.
	defines []string
}

// members reads a static library as GNU's ar writes it.
func members(data []byte) ([]member, error) {
	rest, ok := bytes.CutPrefix(data, []byte(arMagic))
	if !ok {
		return nil, errors.New("it is no static library")
	}
	var all []member
	var index, long []byte
	at := map[uint32]int{} // where in the file a member begins -> which it is
	for len(rest) > 0 {
		offset := len(data) - len(rest)
		name, body, left, err := next(rest)
		if err != nil {
			return nil, fmt.Errorf("after %d bytes: %w", offset, err)
		}
		rest = left
		switch name {
		case "/":
			index = body
		case "//":
			long = body
		default:
			if name, err = fullName(name, long); err != nil {
				return nil, fmt.Errorf("after %d bytes: %w", offset, err)
			}
			at[uint32(offset)] = len(all) //nolint:gosec // the index has no larger ones either
			all = append(all, member{name: name, data: body})
		}
	}
	offsets, names, err := parseIndex(index)
	for i, name := range names {
		if m, ok := at[offsets[i]]; ok {
			all[m].defines = append(all[m].defines, name)
		}
	}
	return all, err
}

// next splits a member off, whose name is as the header has it.
func next(rest []byte) (name string, body, left []byte, err error) {
	if len(rest) < arHeaderSize {
		return "", nil, nil, errors.New("it is truncated")
	}
	header, rest := rest[:arHeaderSize], rest[arHeaderSize:]
	size, err := strconv.ParseUint(strings.TrimSpace(string(header[48:58])), 10, 32)
	if err != nil || size > uint64(len(rest)) {
		return "", nil, nil, errors.New("a member has a wrong size")
	}
	left = rest[size:]
	if size%2 == 1 && len(left) > 0 {
		left = left[1:] // they begin at even offsets
	}
	return strings.TrimSpace(string(header[:16])), rest[:size], left, nil
}

// fullName is "a.o" for "a.o/", and for "/12" what is at that place of the list of
// long names.
func fullName(name string, long []byte) (string, error) {
	if digits, ok := strings.CutPrefix(name, "/"); ok {
		offset, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || offset >= uint64(len(long)) {
			return "", fmt.Errorf("a member has the wrong name %q", name)
		}
		line, _, _ := bytes.Cut(long[offset:], []byte("\n"))
		name = string(line)
	}
	return path.Base(strings.TrimSuffix(name, "/")), nil
}

// parseIndex returns the names in the index of a static library, and where the
// member begins that defines each.
func parseIndex(body []byte) (offsets []uint32, names []string, err error) {
	if len(body) == 0 {
		return nil, nil, nil
	}
	// A count, as many offsets of four bytes, as many names that end in zero.
	if len(body) < 4 {
		return nil, nil, errors.New("its index is truncated")
	}
	count := uint64(binary.BigEndian.Uint32(body))
	body = body[4:]
	if 4*count > uint64(len(body)) {
		return nil, nil, errors.New("its index has a wrong count")
	}
	text := body[4*count:]
	for i := range count {
		name, left, ok := bytes.Cut(text, []byte{0})
		if !ok {
			return nil, nil, errors.New("its index is truncated")
		}
		offsets, names, text = append(offsets, binary.BigEndian.Uint32(body[4*i:])), append(names, string(name)), left
	}
	return offsets, names, nil
}
