package check

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
)

// A craft is a small ELF file (64-bit, little-endian) made by hand, so that
// every header can be wrong on purpose and no compiler is needed.
type craft struct {
	header   elf.Header64
	segments []elf.Prog64
	dynamic  []elf.Dyn64
}

const (
	craftData = 0x400  // offset of the writable segment and its dynamic table
	craftAddr = 0x1400 // its address
	craftSize = 0x500  // bytes in the file
)

// goodELF is a hardened static-PIE program for amd64.
func goodELF() *craft {
	c := &craft{
		header: elf.Header64{
			Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
			Entry: 0x300, Phoff: 64, Ehsize: 64, Phentsize: 56,
		},
		dynamic: []elf.Dyn64{
			{Tag: int64(elf.DT_FLAGS), Val: uint64(elf.DF_BIND_NOW)},
			{Tag: int64(elf.DT_FLAGS_1), Val: uint64(elf.DF_1_NOW | elf.DF_1_PIE)},
			{Tag: int64(elf.DT_NULL)},
		},
	}
	copy(c.header.Ident[:], elf.ELFMAG)
	c.header.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	c.header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	c.header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	c.add(elf.PT_LOAD, elf.PF_R|elf.PF_X, elf.Prog64{Filesz: craftData, Memsz: craftData})
	c.add(elf.PT_LOAD, elf.PF_R|elf.PF_W, elf.Prog64{Off: craftData, Vaddr: craftAddr, Filesz: craftSize - craftData, Memsz: 0x200})
	c.add(elf.PT_DYNAMIC, elf.PF_R|elf.PF_W, elf.Prog64{Off: craftData, Vaddr: craftAddr, Filesz: 0x80, Memsz: 0x80})
	c.add(elf.PT_GNU_RELRO, elf.PF_R, elf.Prog64{Off: craftData, Vaddr: craftAddr, Filesz: 0x80, Memsz: 0x80})
	c.add(elf.PT_GNU_STACK, elf.PF_R|elf.PF_W, elf.Prog64{})
	return c
}

func (c *craft) add(t elf.ProgType, flags elf.ProgFlag, p elf.Prog64) {
	p.Type, p.Flags = uint32(t), uint32(flags)
	c.segments = append(c.segments, p)
}

// segment returns the first segment of a type, to be changed.
func (c *craft) segment(t elf.ProgType) *elf.Prog64 {
	i := slices.IndexFunc(c.segments, func(p elf.Prog64) bool { return p.Type == uint32(t) })
	return &c.segments[i]
}

func (c *craft) drop(t elf.ProgType) {
	c.segments = slices.DeleteFunc(c.segments, func(p elf.Prog64) bool { return p.Type == uint32(t) })
}

// tag puts an entry before those that are there.
func (c *craft) tag(tag elf.DynTag, value uint64) {
	c.dynamic = slices.Insert(c.dynamic, 0, elf.Dyn64{Tag: int64(tag), Val: value})
}

// bytes panics where the parts have no room: then a case is written wrongly.
func (c *craft) bytes() []byte {
	c.header.Phnum = uint16(len(c.segments))
	file := make([]byte, craftSize)
	place := func(from, to int, values ...any) {
		var b bytes.Buffer
		for _, v := range values {
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
		if b.Len() > to-from {
			panic("the parts of a crafted ELF file overlap")
		}
		copy(file[from:], b.Bytes())
	}
	place(0, 0x300, c.header, c.segments)
	place(craftData, craftData+0x80, c.dynamic)
	return file
}
