package check

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
)

// An object is what Linux and a dynamic loader see of an ELF file: program
// headers and the dynamic table they point to. Section headers are not read;
// nothing at run time looks at them, so they may lie or be missing.
type object struct {
	kind     elf.Type
	made     abi // what it is made for
	entry    uint64
	segments []elf.ProgHeader
	dynamic  map[elf.DynTag][]uint64 // nil without a dynamic table
}

func isELF(data []byte) bool { return bytes.HasPrefix(data, []byte(elf.ELFMAG)) }

// parseELF refuses whatever Linux could not map as the headers say, so that no
// rule passes on headers that mean nothing.
func parseELF(data []byte) (o *object, err error) {
	defer func() {
		// debug/elf does not promise to survive hostile input.
		if r := recover(); r != nil {
			o, err = nil, fmt.Errorf("the headers make no sense: %v", r)
		}
	}()
	bare, err := withoutSections(data)
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(bare)
	if err != nil {
		return nil, err
	}
	o = &object{kind: f.Type, made: abi{f.Machine, f.Class, f.Data}, entry: f.Entry}
	for _, p := range f.Progs {
		o.segments = append(o.segments, p.ProgHeader)
	}
	if err := o.checkLoads(uint64(len(data))); err != nil {
		return nil, err
	}
	if err := o.readDynamic(f, data); err != nil {
		return nil, err
	}
	return o, nil
}

// withoutSections reads an ELF file, but as one that says it has no section headers.
// It keeps debug/elf from believing absurd section counts and from
// decompressing a section of any size.
func withoutSections(data []byte) (io.ReaderAt, error) {
	const header = 64 // bytes; the 32-bit one is shorter, but is followed by program headers
	if !isELF(data) || len(data) < header {
		return nil, errors.New("it is no ELF file, or only the start of one")
	}
	bare := slices.Clone(data[:header]) // and not of megabytes, for each check that asks
	if elf.Class(data[elf.EI_CLASS]) == elf.ELFCLASS32 {
		clear(bare[32:36]) // e_shoff
		clear(bare[46:52]) // e_shentsize, e_shnum, e_shstrndx
	} else {
		clear(bare[40:48])
		clear(bare[58:64])
	}
	return behind{bare, bytes.NewReader(data)}, nil
}

// behind reads a file whose first bytes are others.
type behind struct {
	first []byte
	all   *bytes.Reader
}

// ReadAt is that of io.ReaderAt.
func (b behind) ReadAt(p []byte, off int64) (n int, err error) {
	n, err = b.all.ReadAt(p, off)
	if off >= 0 && off < int64(len(b.first)) {
		copy(p[:n], b.first[off:])
	}
	return n, err
}

// checkLoads wants at least one loaded segment, and all of them inside the file
// and in ascending order without overlap.
func (o *object) checkLoads(size uint64) error {
	var end uint64
	loads := o.byType(elf.PT_LOAD)
	for _, l := range loads {
		switch {
		case l.Filesz > size || l.Off > size-l.Filesz:
			return errors.New("a loaded segment reaches past the end of the file: the file is cut short")
		case l.Filesz > l.Memsz || l.Vaddr+l.Memsz < l.Vaddr:
			return errors.New("a loaded segment has an impossible size")
		case l.Vaddr < end:
			return errors.New("loaded segments overlap or are out of order")
		}
		end = l.Vaddr + l.Memsz
	}
	if len(loads) == 0 {
		return errors.New("it has no loaded segment")
	}
	return nil
}

// readDynamic fills o.dynamic from the dynamic segment, where there is one.
func (o *object) readDynamic(f *elf.File, data []byte) error {
	segments := o.byType(elf.PT_DYNAMIC)
	if len(segments) == 0 {
		return nil
	}
	d := segments[0]
	// A loader goes by the address, a file reader by the offset: they must agree.
	home := slices.IndexFunc(o.byType(elf.PT_LOAD), func(l elf.ProgHeader) bool {
		return d.Vaddr >= l.Vaddr && d.Vaddr-l.Vaddr <= l.Filesz &&
			d.Filesz <= l.Filesz-(d.Vaddr-l.Vaddr) && d.Off == l.Off+(d.Vaddr-l.Vaddr)
	})
	if len(segments) > 1 || home < 0 {
		return errors.New("the dynamic segment is not exactly one inside a loaded segment")
	}
	table, word := data[d.Off:d.Off+d.Filesz], 8
	if f.Class == elf.ELFCLASS32 {
		word = 4
	}
	read := func(at int) uint64 {
		if word == 4 {
			return uint64(f.ByteOrder.Uint32(table[at:]))
		}
		return f.ByteOrder.Uint64(table[at:])
	}
	o.dynamic = map[elf.DynTag][]uint64{}
	for at := 0; at+2*word <= len(table); at += 2 * word {
		tag := elf.DynTag(read(at)) //nolint:gosec // tags are 64 bits wide; what wraps is no tag that is known
		if tag == elf.DT_NULL {
			return nil
		}
		o.dynamic[tag] = append(o.dynamic[tag], read(at+word))
	}
	return errors.New("the dynamic table has no end")
}

// byType returns the segments of one type.
func (o *object) byType(t elf.ProgType) []elf.ProgHeader {
	return slices.DeleteFunc(slices.Clone(o.segments), func(p elf.ProgHeader) bool { return p.Type != t })
}

// has reports whether the dynamic table has an entry.
func (o *object) has(tag elf.DynTag) bool { return len(o.dynamic[tag]) > 0 }

// hasFlag reports whether DT_FLAGS or DT_FLAGS_1 has a bit.
func (o *object) hasFlag(tag elf.DynTag, bit uint64) bool {
	return slices.ContainsFunc(o.dynamic[tag], func(v uint64) bool { return v&bit != 0 })
}
