package closure

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io/fs"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// craft is a small ELF file made by hand, so that every architecture can be had
// and every header can be wrong, without a compiler.
type craft struct {
	abi     abi
	kind    elf.Type // ET_DYN if it is not given
	interp  string
	needed  []string
	soname  string
	rpath   string
	runpath string
	flags1  elf.DynFlag1
}

var (
	amd64 = abi{elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_X86_64}
	arm64 = abi{elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_AARCH64}
)

// craftBase is the address of the one loaded segment.
const craftBase = 0x10000

// bytes lays out header, program headers, dynamic table and strings.
func (c craft) bytes() []byte {
	if c.abi == (abi{}) {
		c.abi = amd64
	}
	if c.kind == elf.ET_NONE {
		c.kind = elf.ET_DYN
	}
	strtab := "\x00"
	name := func(s string) uint64 {
		at := len(strtab)
		strtab += s + "\x00"
		return uint64(at)
	}
	var entries []elf.Dyn64
	tag := func(t elf.DynTag, v uint64) { entries = append(entries, elf.Dyn64{Tag: int64(t), Val: v}) }
	for _, n := range c.needed {
		tag(elf.DT_NEEDED, name(n))
	}
	for _, s := range []struct {
		tag elf.DynTag
		to  string
	}{{elf.DT_SONAME, c.soname}, {elf.DT_RUNPATH, c.runpath}, {elf.DT_RPATH, c.rpath}} {
		if s.to != "" {
			tag(s.tag, name(s.to))
		}
	}
	interp := name(c.interp)
	tag(elf.DT_FLAGS_1, uint64(c.flags1))
	const headers = 0x100
	dynamic := uint64(len(entries)+2) * 16
	tag(elf.DT_STRTAB, craftBase+headers+dynamic)
	tag(elf.DT_NULL, 0)
	size := headers + dynamic + uint64(len(strtab))
	segments := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Vaddr: craftBase, Filesz: size, Memsz: size},
		{Type: uint32(elf.PT_DYNAMIC), Off: headers, Vaddr: craftBase + headers, Filesz: dynamic, Memsz: dynamic},
	}
	if c.interp != "" {
		segments = append(segments, elf.Prog64{
			Type: uint32(elf.PT_INTERP), Off: headers + dynamic + interp, Filesz: uint64(len(c.interp) + 1),
		})
	}
	file := make([]byte, size)
	c.write(file, 0, c.header(len(segments)))
	for i, s := range segments {
		c.write(file, 64+i*56, c.segment(s))
	}
	for i, e := range entries {
		if c.abi.class == elf.ELFCLASS32 {
			c.write(file, headers+i*8, elf.Dyn32{Tag: int32(e.Tag), Val: uint32(e.Val)})
		} else {
			c.write(file, headers+i*16, e)
		}
	}
	copy(file[headers+dynamic:], strtab)
	return file
}

func (c craft) header(segments int) any {
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(c.abi.class), byte(c.abi.data), byte(elf.EV_CURRENT)}
	kind, machine := uint16(c.kind), uint16(c.abi.machine)
	if c.abi.class == elf.ELFCLASS32 {
		return elf.Header32{Ident: ident, Type: kind, Machine: machine, Version: 1, Phoff: 64, Ehsize: 52, Phentsize: 32, Phnum: uint16(segments)}
	}
	return elf.Header64{Ident: ident, Type: kind, Machine: machine, Version: 1, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: uint16(segments)}
}

func (c craft) segment(s elf.Prog64) any {
	if c.abi.class == elf.ELFCLASS32 {
		return elf.Prog32{Type: s.Type, Off: uint32(s.Off), Vaddr: uint32(s.Vaddr), Filesz: uint32(s.Filesz), Memsz: uint32(s.Memsz)}
	}
	return s
}

// write puts a value at an offset. 32-bit program headers are packed closer.
func (c craft) write(file []byte, at int, v any) {
	var order binary.ByteOrder = binary.LittleEndian
	if c.abi.data == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	if _, ok := v.(elf.Prog32); ok {
		at = 64 + (at-64)/56*32
	}
	var b bytes.Buffer
	if err := binary.Write(&b, order, v); err != nil {
		panic(err) // a case is written wrongly
	}
	copy(file[at:], b.Bytes())
}

// file is one of a test's tree. A string is the target of a link, []byte the
// content of a program, and a craft an ELF file.
type file struct {
	path, component string
	content         any
}

// plant makes a tree.
func plant(t testing.TB, files ...file) *tree.Tree {
	t.Helper()
	all := tree.New()
	for _, f := range files {
		added := tree.File{Path: f.path, Mode: 0o755, Origin: tree.Origin{Component: f.component, Path: f.path}}
		switch content := f.content.(type) {
		case craft:
			added.Data = content.bytes()
		case []byte:
			added.Data = content
		case string:
			added.Mode, added.Link = fs.ModeSymlink, content
		case nil:
			added.Mode = fs.ModeDir | 0o755
		}
		if err := all.Add(added); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// paths are those of a graph's files.
func paths(g *Graph) []string {
	if g == nil {
		return nil
	}
	var found []string
	for _, f := range g.Files() {
		found = append(found, f.Path)
	}
	return found
}
