package closure

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxNeeded = 250  // libraries that one object may name
	maxString = 4096 // bytes of a path (PATH_MAX)
)

// An abi is what objects of one process have in common.
type abi struct {
	class   elf.Class
	data    elf.Data
	machine elf.Machine
}

// String says for example "X86_64, 64-bit little-endian".
func (a abi) String() string {
	bits, order := "64-bit", "little-endian"
	if a.class == elf.ELFCLASS32 {
		bits = "32-bit"
	}
	if a.data == elf.ELFDATA2MSB {
		order = "big-endian"
	}
	return strings.TrimPrefix(a.machine.String(), "EM_") + ", " + bits + " " + order
}

// An object is what a loader reads of an ELF file: program headers and the
// dynamic table they point to. Section headers are not read; nothing at run time
// looks at them, so they may lie or be missing.
type object struct {
	abi         abi
	kind        elf.Type
	program     bool
	interpreter string   // PT_INTERP, or empty
	needed      []string // DT_NEEDED in order, each once
	soname      string   // DT_SONAME, or empty
	runpath     string   // DT_RUNPATH or else DT_RPATH, as it is written
}

// parse reads data without debug/elf's reader, which does not promise to survive
// hostile input: it allocates what headers say, and some lies make it panic.
func parse(data []byte) (*object, error) {
	f, o, err := headers(data)
	if err != nil {
		return nil, err
	}
	if err := f.checkLoads(); err != nil {
		return nil, err
	}
	if o.interpreter, err = f.interpreter(); err != nil {
		return nil, err
	}
	dynamic, err := f.dynamic()
	if err != nil {
		return nil, err
	}
	if err := f.strings(o, dynamic); err != nil {
		return nil, err
	}
	pie := slices.ContainsFunc(dynamic[elf.DT_FLAGS_1], func(v uint64) bool { return v&uint64(elf.DF_1_PIE) != 0 })
	o.program = o.kind == elf.ET_EXEC || o.interpreter != "" || pie
	return o, nil
}

// dynamicTable is the values of each tag, in order.
type dynamicTable map[elf.DynTag][]uint64

// dynamic reads the dynamic table, which a program may be without.
func (f *elfFile) dynamic() (dynamicTable, error) {
	segments := f.segments[elf.PT_DYNAMIC]
	if len(segments) == 0 {
		return dynamicTable{}, nil
	}
	if len(segments) > 1 {
		return nil, errors.New("it has more than one dynamic segment")
	}
	// A loader goes by the address, which is in a loaded segment.
	table := f.mapped(segments[0].Vaddr)
	found := dynamicTable{}
	for ; uint64(len(table)) >= 2*f.word; table = table[2*f.word:] {
		tag := elf.DynTag(f.uint(table)) //nolint:gosec // tags are 64 bits wide; what wraps is no tag that is known
		if tag == elf.DT_NULL {
			return found, nil
		}
		switch tag {
		case elf.DT_NEEDED, elf.DT_SONAME, elf.DT_RPATH, elf.DT_RUNPATH, elf.DT_STRTAB, elf.DT_FLAGS_1:
			found[tag] = append(found[tag], f.uint(table[f.word:]))
		}
		if len(found[tag]) > maxNeeded {
			return nil, fmt.Errorf("its dynamic table has more than %d entries of one kind", maxNeeded)
		}
	}
	return nil, errors.New("its dynamic table is in no loaded segment or has no end")
}

// strings fills what o has of the string table.
func (f *elfFile) strings(o *object, dynamic dynamicTable) error {
	table := dynamic[elf.DT_STRTAB]
	read := func(tag elf.DynTag, each func(string)) error {
		for _, at := range dynamic[tag] {
			if len(table) != 1 || table[0]+at < at {
				return errors.New("its dynamic table has not exactly one string table, or names that are not in it")
			}
			s, err := text(f.mapped(table[0] + at))
			if err != nil {
				return fmt.Errorf("reading %v: %w", tag, err)
			}
			each(s)
		}
		return nil
	}
	return errors.Join(
		read(elf.DT_NEEDED, func(s string) {
			if !slices.Contains(o.needed, s) {
				o.needed = append(o.needed, s)
			}
		}),
		read(elf.DT_SONAME, func(s string) { o.soname = s }),
		read(elf.DT_RPATH, func(s string) { o.runpath = s }),
		read(elf.DT_RUNPATH, func(s string) { o.runpath = s }), // as musl does: it replaces DT_RPATH
	)
}

// interpreter reads PT_INTERP as the kernel does: by its offset.
func (f *elfFile) interpreter() (string, error) {
	segments := f.segments[elf.PT_INTERP]
	if len(segments) == 0 {
		return "", nil
	}
	data, ok := f.slice(segments[0].Off, segments[0].Filesz)
	if len(segments) > 1 || !ok {
		return "", errors.New("it does not name exactly one interpreter inside the file")
	}
	name, err := text(data)
	if err == nil && name == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("reading the name of its interpreter: %w", err)
	}
	return name, nil
}

// text is the bytes before the first NUL.
func text(data []byte) (string, error) {
	s, _, ok := bytes.Cut(data[:min(len(data), maxString)], []byte{0})
	if !ok {
		return "", fmt.Errorf("a name is not in the file, has no end, or has more than %d bytes", maxString)
	}
	return string(s), nil
}

// uint reads one word, which must be there.
func (f *elfFile) uint(data []byte) uint64 {
	if f.word == 4 {
		return uint64(f.order.Uint32(data))
	}
	return f.order.Uint64(data)
}

// decode reads a value of fixed size from the beginning of data.
func decode[T any](f *elfFile, data []byte) (v T, err error) {
	if _, err := binary.Decode(data, f.order, &v); err != nil {
		return v, errors.New("it is cut short")
	}
	return v, nil
}
