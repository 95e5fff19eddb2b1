package size

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// region is some bytes of a program: a section, or something that is in none. Regions
// do not overlap, and together are the whole file.
type region struct {
	name         string
	offset, size uint64
	addr         uint64 // of its first byte in memory; 0 for what is not loaded
	flags        elf.SectionFlag
}

func (r region) loaded() bool { return r.flags&elf.SHF_ALLOC != 0 }
func (r region) code() bool   { return r.flags&elf.SHF_EXECINSTR != 0 }

// contains reports whether a byte of the region is at an address in memory.
func (r region) contains(addr uint64) bool {
	return r.loaded() && addr >= r.addr && addr-r.addr < r.size
}

// The names of what is in no section.
const (
	elfHeader      = "ELF header"
	programHeaders = "program headers"
	sectionHeaders = "section headers"
	padding        = "padding"
	rest           = "after the last section"
)

// maxSections is more than a program has.
const maxSections = 4096

// isELF reports whether data begins as an ELF file does.
func isELF(data []byte) bool { return bytes.HasPrefix(data, []byte(elf.ELFMAG)) }

// program is an ELF file that is read to the end of its headers.
type program struct {
	data    []byte
	file    *elf.File
	regions []region // by offset
}

// readProgram reads the headers of an ELF file. debug/elf does not promise to survive
// hostile ones.
func readProgram(data []byte) (p *program, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("its headers are damaged: %v", r)
		}
	}()
	f, err := elf.NewFile(bytes.NewReader(data))
	switch {
	case err != nil:
		return nil, err
	case f.Class != elf.ELFCLASS64 || f.ByteOrder != binary.LittleEndian || len(data) < elfHeaderSize:
		return nil, errors.New("it is no 64-bit little-endian program")
	case len(f.Sections) > maxSections:
		return nil, fmt.Errorf("it has %d sections, more than %d", len(f.Sections), maxSections)
	}
	return &program{data: data, file: f, regions: regions(f, data)}, nil
}

// regions lists what a file is made of. Where headers claim the same bytes twice, the
// first has them.
func regions(f *elf.File, data []byte) []region {
	o, size := f.ByteOrder, uint64(len(data))
	claims := []region{
		{name: elfHeader, size: elfHeaderSize},
		{name: programHeaders, offset: o.Uint64(data[32:]), size: uint64(o.Uint16(data[54:])) * uint64(o.Uint16(data[56:]))},
		{name: sectionHeaders, offset: o.Uint64(data[40:]), size: uint64(o.Uint16(data[58:])) * uint64(len(f.Sections))},
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL {
			claims = append(claims, region{name: s.Name, offset: s.Offset, size: s.FileSize, addr: s.Addr, flags: s.Flags})
		}
	}
	slices.SortStableFunc(claims, func(a, b region) int { return cmp.Compare(a.offset, b.offset) })
	var all []region
	end := uint64(0)
	for _, c := range claims {
		if c.offset >= size {
			continue
		}
		c.size = min(c.size, size-c.offset)
		if c.offset < end { // overlaps
			over := min(end-c.offset, c.size)
			c.offset, c.addr, c.size = c.offset+over, c.addr+over, c.size-over
		}
		if c.size == 0 {
			continue
		}
		if c.offset > end {
			all = append(all, region{name: padding, offset: end, size: c.offset - end})
		}
		all = append(all, c)
		end = c.offset + c.size
	}
	if end < size {
		all = append(all, region{name: rest, offset: end, size: size - end})
	}
	return all
}

// bytes are those of a region.
func (p *program) bytes(r region) []byte { return p.data[r.offset : r.offset+r.size] }

// at is the region with a byte at an address in memory.
func (p *program) at(addr uint64) (region, bool) {
	for _, r := range p.regions {
		if r.contains(addr) {
			return r, true
		}
	}
	return region{}, false
}
