package size

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"
)

const (
	elfHeaderSize     = 64
	sectionHeaderSize = 64
	symbolSize        = 24

	// ltoPrefix begins the name of the section that has one function or variable for
	// link-time optimization: .gnu.lto_NAME.NUMBER.HASH.
	ltoPrefix = ".gnu.lto_"
)

var errNoObject = errors.New("it is no 64-bit little-endian ELF file, or its headers are damaged")

// object returns the names that an object file defines, local ones included. Headers
// are all that is read: there are thousands of objects in a library, and debug/elf
// takes as long for one as this for ten.
func object(data []byte) (names []string, err error) {
	sections, err := readSections(data)
	if err != nil {
		return nil, err
	}
	for _, s := range sections {
		if name, ok := strings.CutPrefix(s.name, ltoPrefix); ok {
			if name = optimized(name); name != "" {
				names = append(names, name)
			}
			continue
		}
		if s.kind == elf.SHT_SYMTAB {
			if s.link >= uint64(len(sections)) {
				return nil, errNoObject
			}
			names = append(names, defined(s.body, sections[s.link].body)...)
		}
	}
	return names, nil
}

// section is one of an object file.
type section struct {
	name string
	kind elf.SectionType
	link uint64 // index of the section with the names of its symbols
	body []byte
}

func readSections(data []byte) ([]section, error) {
	if len(data) < elfHeaderSize || string(data[:4]) != elf.ELFMAG || data[4] != byte(elf.ELFCLASS64) || data[5] != byte(elf.ELFDATA2LSB) {
		return nil, errNoObject
	}
	o := binary.LittleEndian
	count, names := uint64(o.Uint16(data[60:])), uint64(o.Uint16(data[62:]))
	headers, ok := cut(data, o.Uint64(data[40:]), count*sectionHeaderSize)
	if !ok || o.Uint16(data[58:]) != sectionHeaderSize || names >= count {
		return nil, errNoObject
	}
	all := make([]section, count)
	for i := range all {
		h := headers[i*sectionHeaderSize:]
		all[i].kind, all[i].link = elf.SectionType(o.Uint32(h[4:])), uint64(o.Uint32(h[40:]))
		if all[i].kind == elf.SHT_NOBITS {
			continue
		}
		if all[i].body, ok = cut(data, o.Uint64(h[24:]), o.Uint64(h[32:])); !ok {
			return nil, errNoObject
		}
	}
	for i := range all {
		all[i].name = textAt(all[names].body, o.Uint32(headers[i*sectionHeaderSize:]))
	}
	return all, nil
}

// optimized is the function or variable in a section for link-time optimization,
// whose name is NAME.NUMBER.HASH, or empty for one of all of them.
func optimized(name string) string {
	for range 2 {
		i := strings.LastIndexByte(name, '.')
		if i <= 0 {
			return ""
		}
		name = name[:i]
	}
	return name
}

// defined are the names in a symbol table of what is in the object itself.
func defined(symbols, text []byte) (names []string) {
	for ; len(symbols) >= symbolSize; symbols = symbols[symbolSize:] {
		kind, at := elf.ST_TYPE(symbols[4]), binary.LittleEndian.Uint16(symbols[6:])
		if at == uint16(elf.SHN_UNDEF) || at >= uint16(elf.SHN_LORESERVE) || kind == elf.STT_FILE || kind == elf.STT_SECTION {
			continue
		}
		if name := textAt(text, binary.LittleEndian.Uint32(symbols)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// textAt is the text in a table of them that begins at an offset and ends in zero.
func textAt(table []byte, offset uint32) string {
	if uint64(offset) >= uint64(len(table)) {
		return ""
	}
	text, _, _ := bytes.Cut(table[offset:], []byte{0})
	return string(text)
}

// cut is size bytes of data from an offset on, if there are as many.
func cut(data []byte, offset, size uint64) ([]byte, bool) {
	if offset > uint64(len(data)) || size > uint64(len(data))-offset {
		return nil, false
	}
	return data[offset : offset+size], true
}
