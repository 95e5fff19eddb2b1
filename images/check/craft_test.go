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
	strings  string // for the interpreter and the names of libraries
}

const (
	craftText = 0x380  // offset and address of the strings
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

// tag puts an entry behind those that are there, before the end.
func (c *craft) tag(tag elf.DynTag, value uint64) {
	c.dynamic = slices.Insert(c.dynamic, len(c.dynamic)-1, elf.Dyn64{Tag: int64(tag), Val: value})
}

// text returns where in the strings a new one is.
func (c *craft) text(s string) uint64 {
	defer func() { c.strings += s + "\x00" }()
	return uint64(len(c.strings))
}

// ask makes the program ask for an interpreter.
func (c *craft) ask(interpreter string) {
	at := c.text(interpreter) + craftText
	size := uint64(len(interpreter) + 1)
	c.add(elf.PT_INTERP, elf.PF_R, elf.Prog64{Off: at, Vaddr: at, Filesz: size, Memsz: size})
}

// need adds libraries to those that a loader looks for.
func (c *craft) need(libraries ...string) {
	for _, l := range libraries {
		c.tag(elf.DT_NEEDED, c.text(l))
	}
}

// bytes panics where the parts have no room: then a case is written wrongly.
func (c *craft) bytes() []byte {
	c.header.Phnum = uint16(len(c.segments))
	dynamic := c.dynamic
	if c.strings != "" {
		dynamic = slices.Insert(slices.Clone(dynamic), 0,
			elf.Dyn64{Tag: int64(elf.DT_STRTAB), Val: craftText}, elf.Dyn64{Tag: int64(elf.DT_STRSZ), Val: uint64(len(c.strings))})
	}
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
	place(craftText, craftData, []byte(c.strings))
	place(craftData, craftData+0x80, dynamic)
	return file
}

// dynamicELF is a hardened program for musl's loader.
func dynamicELF() *craft {
	c := goodELF()
	c.ask("/" + craftLoader)
	c.need("libssl.so.3", "libc.musl-x86_64.so.1")
	return c
}

// library is a shared library as lenient as one of a Dynamic image may be: bound
// lazily, without relro, and silent about the stack.
func library(needs ...string) *craft {
	c := goodELF()
	c.header.Entry = 0
	c.dynamic = []elf.Dyn64{{}}
	c.drop(elf.PT_GNU_RELRO)
	c.drop(elf.PT_GNU_STACK)
	c.need(needs...)
	return c
}
