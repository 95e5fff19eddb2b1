package closure

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// maxHeaders is how many bytes of program headers Linux reads.
const maxHeaders = 1 << 16

// An elfFile is the bytes of an ELF file and what is needed to find one's way
// in them.
type elfFile struct {
	data     []byte
	order    binary.ByteOrder
	word     uint64 // bytes of an address, 4 or 8
	segments map[elf.ProgType][]elf.ProgHeader
}

// headers reads the file header and the program headers.
func headers(data []byte) (*elfFile, *object, error) {
	if !bytes.HasPrefix(data, []byte(elf.ELFMAG)) || len(data) < elf.EI_NIDENT {
		return nil, nil, errors.New("it is no ELF file")
	}
	f := &elfFile{data: data, segments: map[elf.ProgType][]elf.ProgHeader{}}
	o := &object{abi: abi{class: elf.Class(data[elf.EI_CLASS]), data: elf.Data(data[elf.EI_DATA])}}
	switch o.abi.data {
	case elf.ELFDATA2LSB:
		f.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.order = binary.BigEndian
	default:
		return nil, nil, fmt.Errorf("its byte order is %d, neither little- nor big-endian", data[elf.EI_DATA])
	}
	switch o.abi.class {
	case elf.ELFCLASS32:
		f.word = 4
		return f, o, f.header32(o)
	case elf.ELFCLASS64:
		f.word = 8
		return f, o, f.header64(o)
	}
	return nil, nil, fmt.Errorf("its class is %d, neither 32 nor 64 bits", data[elf.EI_CLASS])
}

func (f *elfFile) header32(o *object) error {
	h, err := decode[elf.Header32](f, f.data)
	if err != nil {
		return err
	}
	o.kind, o.abi.machine = elf.Type(h.Type), elf.Machine(h.Machine)
	return programHeaders(f, uint64(h.Phoff), h.Phentsize, h.Phnum, func(p elf.Prog32) elf.ProgHeader {
		return elf.ProgHeader{
			Type: elf.ProgType(p.Type), Off: uint64(p.Off), Vaddr: uint64(p.Vaddr), Filesz: uint64(p.Filesz), Memsz: uint64(p.Memsz),
		}
	})
}

func (f *elfFile) header64(o *object) error {
	h, err := decode[elf.Header64](f, f.data)
	if err != nil {
		return err
	}
	o.kind, o.abi.machine = elf.Type(h.Type), elf.Machine(h.Machine)
	return programHeaders(f, h.Phoff, h.Phentsize, h.Phnum, func(p elf.Prog64) elf.ProgHeader {
		return elf.ProgHeader{Type: elf.ProgType(p.Type), Off: p.Off, Vaddr: p.Vaddr, Filesz: p.Filesz, Memsz: p.Memsz}
	})
}

// programHeaders reads the headers of one class, of which only those that say
// something of loading are kept.
func programHeaders[T any](f *elfFile, offset uint64, size, count uint16, convert func(T) elf.ProgHeader) error {
	var header T
	if count == 0 {
		return nil
	}
	if int(size) != binary.Size(header) {
		return fmt.Errorf("its program headers have %d bytes each, not %d", size, binary.Size(header))
	}
	table, ok := f.slice(offset, uint64(size)*uint64(count))
	if !ok || len(table) > maxHeaders {
		return fmt.Errorf("its program headers are not in the file, or have more than %d bytes", maxHeaders)
	}
	for ; len(table) > 0; table = table[size:] {
		header, err := decode[T](f, table)
		if err != nil {
			return err
		}
		switch p := convert(header); p.Type {
		case elf.PT_LOAD, elf.PT_DYNAMIC, elf.PT_INTERP:
			f.segments[p.Type] = append(f.segments[p.Type], p)
		}
	}
	return nil
}

// checkLoads wants all loaded segments inside the file, and in ascending order
// without overlap: then an address means one place in the file to every reader.
func (f *elfFile) checkLoads() error {
	var end uint64
	for _, l := range f.segments[elf.PT_LOAD] {
		_, ok := f.slice(l.Off, l.Filesz)
		switch {
		case !ok:
			return errors.New("a loaded segment reaches past the end of the file: it is cut short")
		case l.Filesz > l.Memsz || l.Vaddr+l.Memsz < l.Vaddr:
			return errors.New("a loaded segment has an impossible size")
		case l.Vaddr < end:
			return errors.New("loaded segments overlap or are out of order")
		}
		end = l.Vaddr + l.Memsz
	}
	return nil
}

// mapped is the bytes of the file from an address to the end of the segment that
// has it; none where no segment has it.
func (f *elfFile) mapped(address uint64) []byte {
	for _, l := range f.segments[elf.PT_LOAD] {
		if address >= l.Vaddr && address-l.Vaddr < l.Filesz {
			return f.data[l.Off+(address-l.Vaddr) : l.Off+l.Filesz]
		}
	}
	return nil
}

// slice is a part of the file, if the file has all of it.
func (f *elfFile) slice(offset, size uint64) ([]byte, bool) {
	all := uint64(len(f.data))
	if size > all || offset > all-size {
		return nil, false
	}
	return f.data[offset : offset+size], true
}
