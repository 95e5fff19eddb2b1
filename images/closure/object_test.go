package closure

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// Where craft puts things in a 64-bit file.
const (
	atLoad    = 64
	atDynamic = atLoad + 56
	atInterp  = atDynamic + 56
	atTable   = 0x100
)

// dynEntry is where the value of the first entry with a tag is.
func dynEntry(data []byte, tag elf.DynTag) int {
	for at := atTable; ; at += 16 {
		if elf.DynTag(binary.LittleEndian.Uint64(data[at:])) == tag {
			return at + 8
		}
	}
}

func TestHostileELF(t *testing.T) {
	t.Parallel()
	put16 := func(at int, v uint16) func([]byte) []byte {
		return func(d []byte) []byte { binary.LittleEndian.PutUint16(d[at:], v); return d }
	}
	put := func(at int, v uint64) func([]byte) []byte {
		return func(d []byte) []byte { binary.LittleEndian.PutUint64(d[at:], v); return d }
	}
	dyn := func(tag elf.DynTag, v uint64) func([]byte) []byte {
		return func(d []byte) []byte { return put(dynEntry(d, tag), v)(d) }
	}
	const huge = 1<<64 - 1
	for _, c := range []struct {
		name  string
		spoil func([]byte) []byte
		want  string
	}{
		{"nothing", func(d []byte) []byte { return d }, ""},
		{"empty", func([]byte) []byte { return nil }, "no ELF file"},
		{"magic alone", func(d []byte) []byte { return d[:4] }, "no ELF file"},
		{"class", func(d []byte) []byte { d[elf.EI_CLASS] = 3; return d }, "class is 3"},
		{"byte order", func(d []byte) []byte { d[elf.EI_DATA] = 0; return d }, "byte order is 0"},
		{"half a header", func(d []byte) []byte { return d[:40] }, "cut short"},
		{"program headers far away", put(32, huge), "not in the file"},
		{"program headers past the end", put(32, 400), "not in the file"},
		{"size of program headers", put16(54, 32), "32 bytes each, not 56"},
		{"many program headers", put16(56, 65535), "not in the file"},
		{"more program headers than Linux reads", func(d []byte) []byte {
			return put16(56, 1200)(append(d, make([]byte, 1200*56)...))
		}, "more than 65536 bytes"},
		{"segment past the end", put(atLoad+32, 1<<20), "past the end"},
		{"segment far away", put(atLoad+8, huge), "past the end"},
		{"segment with less memory than file", put(atLoad+40, 1), "impossible size"},
		{"segment around the end of memory", put(atLoad+40, huge), "impossible size"},
		{"two segments at one address", func(d []byte) []byte { copy(d[atInterp:], d[atLoad:atDynamic]); return d }, "overlap"},
		{"two dynamic segments", func(d []byte) []byte { copy(d[atInterp:], d[atDynamic:atInterp]); return d }, "more than one dynamic segment"},
		{"dynamic table in no segment", put(atDynamic+16, 5), "no loaded segment"},
		{"dynamic table far away", put(atDynamic+16, huge), "no loaded segment"},
		{"dynamic table without an end", func(d []byte) []byte { return put(atDynamic+16, craftBase+uint64(len(d))-24)(d) }, "has no end"},
		{"interpreter past the end", put(atInterp+8, 1<<40), "interpreter inside the file"},
		{"interpreter without an end", put(atInterp+32, 3), "has no end"},
		{"interpreter of no bytes", put(atInterp+32, 0), "has no end"},
		{"empty interpreter", func(d []byte) []byte { d[binary.LittleEndian.Uint64(d[atInterp+8:])] = 0; return d }, "interpreter: it is empty"},
		{"two interpreters", func(d []byte) []byte { copy(d[atDynamic:atInterp], d[atInterp:]); return d }, "exactly one interpreter"},
		{"string table in no segment", dyn(elf.DT_STRTAB, 1), "not in the file"},
		{"string table around the end of memory", dyn(elf.DT_STRTAB, huge), "names that are not in it"},
		{"two string tables", func(d []byte) []byte { return put(dynEntry(d, elf.DT_SONAME)-8, uint64(elf.DT_STRTAB))(d) }, "not exactly one string table"},
		{"no string table", func(d []byte) []byte { return put(dynEntry(d, elf.DT_STRTAB)-8, uint64(elf.DT_DEBUG))(d) }, "not exactly one string table"},
		{"name around the end of memory", dyn(elf.DT_NEEDED, huge), "names that are not in it"},
		{"name in no segment", dyn(elf.DT_NEEDED, 1<<30), "not in the file"},
		{"soname in no segment", dyn(elf.DT_SONAME, 1<<30), "not in the file"},
		{"name without an end", func(d []byte) []byte { // the segment ends before the name does
			return put(atLoad+32, uint64(bytes.Index(d, []byte("libz.so.1"))+4))(d)
		}, "has no end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := c.spoil(craft{interp: musl, needed: []string{"libz.so.1"}, soname: "s", runpath: "/r"}.bytes())
			o, err := parse(data)
			if c.want == "" {
				if err != nil || !slices.Equal(o.needed, []string{"libz.so.1"}) || o.soname != "s" || o.runpath != "/r" || o.interpreter != musl {
					t.Errorf("got %+v, %v", o, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// However much is missing at the end, what is read is whole or refused.
func TestCutELF(t *testing.T) {
	t.Parallel()
	for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
		data := craft{abi: abi{class, elf.ELFDATA2MSB, elf.EM_PPC}, interp: musl, needed: []string{"a"}}.bytes()
		for n := range data {
			if _, err := parse(data[:n]); err == nil {
				t.Errorf("%v: the first %d of %d bytes are accepted", class, n, len(data))
			}
		}
	}
}

// FuzzFind gives any bytes to a program, a library and a path file of a tree.
func FuzzFind(f *testing.F) {
	for _, c := range []craft{
		{interp: musl, needed: []string{"l.so"}, runpath: "$ORIGIN:/x"},
		{abi: abi{elf.ELFCLASS32, elf.ELFDATA2MSB, elf.EM_PPC}, interp: glibc, needed: []string{"libc.so.6"}, rpath: "/lib"},
		{kind: elf.ET_EXEC}, {soname: "l.so", flags1: elf.DF_1_PIE}, {kind: elf.ET_REL},
	} {
		f.Add(c.bytes(), craft{needed: []string{"libc.so", "l.so"}}.bytes(), []byte("/lib:/x"))
	}
	f.Add([]byte("#! /lib/l.so"), []byte("#!/p"), []byte{})
	f.Fuzz(func(t *testing.T, program, library, search []byte) {
		all := plant(t, file{"p", "", program}, file{"lib/l.so", "", library},
			file{musl[1:], "", craft{}}, file{"etc/ld-musl-x86_64.path", "", search})
		g, err := Find(all, []string{"*", "lib/l.so"})
		if err != nil {
			return
		}
		for _, o := range []string{g.Text(), g.Dot()} {
			if !strings.Contains(o, "lib/l.so") {
				t.Errorf("lib/l.so is not in %s", o)
			}
		}
		if o, err := parse(program); err == nil {
			for _, s := range append(o.needed, o.soname, o.runpath, o.interpreter) {
				if s != "" && !bytes.Contains(program, append([]byte(s), 0)) {
					t.Errorf("%q is not in the program", s)
				}
			}
		}
	})
}
