package check

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// readers are the checks that read the program's ELF headers. A dynamic image's
// no-shell has to know which libraries the program loads.
func readers(p Profile) []string {
	names := append(checkNames(elfChecks()), "closure")
	if p == Dynamic {
		names = append(names, "no-shell")
	}
	return names
}

func spoilELF(spoil func(*craft)) func(*fixture) {
	return func(f *fixture) { spoil(f.program) }
}

// elfCases are properties that a real linker gets wrong when told to.
func elfCases() []badCase {
	pies := []string{"static-pie", "pie"}
	return []badCase{
		{"not position-independent", spoilELF(func(c *craft) { c.header.Type = uint16(elf.ET_EXEC) }), pies, "type ET_EXEC"},
		{"starts in data", spoilELF(func(c *craft) { c.header.Entry = craftAddr }), pies, "entry point 0x1400"},
		{"starts past the code", spoilELF(func(c *craft) { c.header.Entry = craftData }), pies, "entry point"},
		{"no relro", spoilELF(func(c *craft) { c.drop(elf.PT_GNU_RELRO) }), []string{"relro"}, "PT_GNU_RELRO"},
		{"empty relro", spoilELF(func(c *craft) { c.segment(elf.PT_GNU_RELRO).Memsz = 0 }), []string{"relro"}, "PT_GNU_RELRO"},
		{"relro of code", spoilELF(func(c *craft) { c.segment(elf.PT_GNU_RELRO).Vaddr = 0 }), []string{"relro"}, "PT_GNU_RELRO"},
		{"relro past the memory", spoilELF(func(c *craft) { c.segment(elf.PT_GNU_RELRO).Vaddr = craftAddr + 0x200 }), []string{"relro"}, "PT_GNU_RELRO"},
		{"lazy", spoilELF(func(c *craft) {
			c.dynamic[0].Val, c.dynamic[1].Val = 0, uint64(elf.DF_1_PIE)
		}), []string{"bind-now"}, "lazily"},
		{"no stack header", spoilELF(func(c *craft) { c.drop(elf.PT_GNU_STACK) }), []string{"nx-stack"}, "does not say"},
		{"executable stack", spoilELF(func(c *craft) { c.segment(elf.PT_GNU_STACK).Flags |= uint32(elf.PF_X) }), []string{"nx-stack"}, "executable"},
		{"one stack of two", spoilELF(func(c *craft) { c.add(elf.PT_GNU_STACK, elf.PF_X, elf.Prog64{}) }), []string{"nx-stack"}, "executable"},
		{"writable code", spoilELF(func(c *craft) { c.segment(elf.PT_LOAD).Flags |= uint32(elf.PF_W) }), []string{"no-rwx-segment"}, "memory at 0x0"},
		{"text relocations", spoilELF(func(c *craft) { c.tag(elf.DT_TEXTREL, 0) }), []string{"no-rwx-segment"}, "DT_TEXTREL"},
		{"text relocations as a flag", spoilELF(func(c *craft) { c.dynamic[0].Val |= uint64(elf.DF_TEXTREL) }), []string{"no-rwx-segment"}, "DT_TEXTREL"},
		{"rpath", spoilELF(func(c *craft) { c.tag(elf.DT_RPATH, c.text("/opt")) }), []string{"no-rpath"}, "library path"},
		{"runpath", spoilELF(func(c *craft) { c.tag(elf.DT_RUNPATH, c.text("/opt")) }), []string{"no-rpath"}, "library path"},
	}
}

// staticCases are what only a static image may not have.
func staticCases() []badCase {
	fails := []string{"static-pie"}
	const entry = "usr/sbin/nginx-entry"
	grow := func(size int) func(*fixture) {
		return func(f *fixture) {
			f.put(entry, 0o755, string(append(goodELF().bytes(), make([]byte, size-craftSize)...)))
			delete(f.crafts, entry)
			f.subject.Budgets.Disk = 100_000
		}
	}
	return []badCase{
		{"large entry", grow(entryBudget), []string{"entry-size"}, "the contents of usr/sbin/nginx-entry have 40000 bytes and must have fewer than 40000"},
		{"no entry", func(f *fixture) { delete(f.crafts, entry) }, []string{"entry-size"}, "usr/sbin/nginx-entry is not in the tree"},
		{"entry for some", func(f *fixture) {
			grow(craftSize)(f)
			f.change(entry, func(file *tree.File) { file.Mode = 0o750 })
		}, []string{"entry-size"}, "not a program that any user can run"},
		{"entry loads a library", func(f *fixture) { f.crafts[entry].tag(elf.DT_NEEDED, 1) }, fails, entry + ": it needs 1 shared libraries"},
		{"a library", spoilELF(func(c *craft) { c.dynamic[1].Val = uint64(elf.DF_1_NOW) }), fails, "not a position-independent program"},
		{"interpreter", spoilELF(func(c *craft) { c.add(elf.PT_INTERP, elf.PF_R, elf.Prog64{Off: 0x300, Filesz: 8}) }), fails, "interpreter"},
		{"shared libraries", spoilELF(func(c *craft) { c.tag(elf.DT_NEEDED, 1); c.tag(elf.DT_NEEDED, 9) }), fails, "needs 2 shared libraries"},
		{"no dynamic table", spoilELF(func(c *craft) { c.drop(elf.PT_DYNAMIC) }), []string{"static-pie", "bind-now"}, "not a position-independent"},
		{"another program", func(f *fixture) {
			data := goodELF()
			data.drop(elf.PT_GNU_STACK)
			f.put("etc/nginx/lib.so", 0o644, string(data.bytes()))
		}, []string{"nx-stack"}, "etc/nginx/lib.so: "},
		{"bad headers of another program", func(f *fixture) {
			f.put("etc/nginx/lib.so", 0o644, string(goodELF().bytes()[:craftSize-1]))
		}, checkNames(elfChecks()), "reading etc/nginx/lib.so"},
		{"only magic of another program", func(f *fixture) { f.put("etc/nginx/x", 0o644, elf.ELFMAG) }, append(checkNames(elfChecks()), "platform"), "reading etc/nginx/x"},
		{"wrong machine", spoilELF(func(c *craft) { c.header.Machine = uint16(elf.EM_AARCH64) }), []string{"platform"}, "usr/sbin/nginx is for EM_AARCH64"},
		{"wrong machine of another program", func(f *fixture) {
			data := goodELF()
			data.header.Machine = uint16(elf.EM_386)
			f.put("etc/nginx/lib.so", 0o644, string(data.bytes()))
		}, []string{"platform"}, "etc/nginx/lib.so is for EM_386"},
	}
}

// linkCases are files that Linux could not map: every check that reads more than
// their first bytes must refuse them.
func linkCases(p Profile) []badCase {
	readers := readers(p)
	all := append(slices.Clone(readers), "platform")
	return []badCase{
		{"no ELF file", func(f *fixture) { f.program = nil; f.put("usr/sbin/nginx", 0o755, "MZ") }, all, "no ELF file"},
		{"only magic", func(f *fixture) { f.program = nil; f.put("usr/sbin/nginx", 0o755, elf.ELFMAG) }, all, "only the start"},
		{"cut short", func(f *fixture) {
			f.put("usr/sbin/nginx", 0o755, string(f.program.bytes()[:craftSize-1]))
			f.program = nil
		}, readers, "cut short"},
		{"unknown class", spoilELF(func(c *craft) { c.header.Ident[elf.EI_CLASS] = 9 }), all, "class"},
		{"no loaded segment", spoilELF(func(c *craft) { c.drop(elf.PT_LOAD) }), readers, "no loaded segment"},
		{"program headers outside the file", spoilELF(func(c *craft) { c.header.Phoff = math.MaxInt64 - 10 }), readers, "EOF"},
		{"huge segment", spoilELF(func(c *craft) { c.segment(elf.PT_LOAD).Filesz = math.MaxInt64 }), readers, "past the end"},
		{"offset that overflows", spoilELF(func(c *craft) { c.segment(elf.PT_LOAD).Off = math.MaxInt64 }), readers, "past the end"},
		{"address that overflows", spoilELF(func(c *craft) { c.segments[1].Vaddr = math.MaxUint64 }), readers, "impossible size"},
		{"more in the file than in memory", spoilELF(func(c *craft) { c.segments[1].Memsz = 1 }), readers, "impossible size"},
		{"overlapping segments", spoilELF(func(c *craft) { c.segments[1].Vaddr = 0x3ff }), readers, "overlap"},
	}
}

// tableCases are dynamic tables that a loader and a reader of files could take for
// different ones.
func tableCases(p Profile) []badCase {
	readers := readers(p)
	return []badCase{
		{"two dynamic tables", spoilELF(func(c *craft) { c.segments = append(c.segments, *c.segment(elf.PT_DYNAMIC)) }), readers, "exactly one"},
		{"offset and address disagree", spoilELF(func(c *craft) { c.segment(elf.PT_DYNAMIC).Off += 16 }), readers, "inside a loaded"},
		{"dynamic table not loaded", spoilELF(func(c *craft) { c.segment(elf.PT_DYNAMIC).Vaddr = 0x9000 }), readers, "inside a loaded"},
		{"dynamic table too long", spoilELF(func(c *craft) { c.segment(elf.PT_DYNAMIC).Filesz = math.MaxInt64 }), readers, "inside a loaded"},
		{"dynamic table without end", spoilELF(func(c *craft) { c.segment(elf.PT_DYNAMIC).Filesz = 32 }), readers, "no end"},
	}
}

// A linker says in one of three ways that it binds at start.
func TestEveryFormOfBindNow(t *testing.T) {
	t.Parallel()
	for tag, value := range map[elf.DynTag]uint64{
		elf.DT_BIND_NOW: 0,
		elf.DT_FLAGS:    uint64(elf.DF_BIND_NOW),
		elf.DT_FLAGS_1:  uint64(elf.DF_1_NOW),
	} {
		c := goodELF()
		c.dynamic = []elf.Dyn64{{Tag: int64(tag), Val: value}, {Tag: int64(elf.DT_FLAGS_1), Val: uint64(elf.DF_1_PIE)}, {}}
		if failures := judge(t, Static, map[string][]byte{"usr/sbin/nginx": c.bytes()}); len(failures) > 0 {
			t.Errorf("%v: %v", tag, failures)
		}
	}
}

// Section headers mean nothing to Linux, so they must neither help nor hurt nor
// cost memory: these say there are 2^60 of them.
func TestSectionHeadersAreIgnored(t *testing.T) {
	t.Parallel()
	c := goodELF()
	c.header.Shoff, c.header.Shentsize, c.header.Shstrndx = 0x480, 64, uint16(elf.SHN_XINDEX)
	data := c.bytes()
	binary.LittleEndian.PutUint64(data[0x480+32:], 1<<60) // sh_size of section 0: how many there are
	if _, err := elf.NewFile(bytes.NewReader(data)); err == nil {
		t.Fatal("debug/elf accepts these section headers: the test proves nothing")
	}
	if _, err := parseELF(data); err != nil {
		t.Error(err)
	}
}

// Linux reads 32-bit and big-endian programs by the same rules.
func TestParse32BitBigEndian(t *testing.T) {
	t.Parallel()
	data := make([]byte, 0x100)
	copy(data, elf.ELFMAG)
	copy(data[elf.EI_CLASS:], []byte{byte(elf.ELFCLASS32), byte(elf.ELFDATA2MSB), byte(elf.EV_CURRENT)})
	put := func(at int, values ...uint32) {
		for i, v := range values {
			binary.BigEndian.PutUint32(data[at+4*i:], v)
		}
	}
	put(16, uint32(elf.ET_DYN)<<16|uint32(elf.EM_ARM), uint32(elf.EV_CURRENT), 0xf0, 52, 0xfff0)
	put(40, 52<<16|32, 2<<16|40, 0xffff<<16|7)
	put(52, uint32(elf.PT_LOAD), 0, 0, 0, 0x100, 0x100, uint32(elf.PF_R|elf.PF_X), 4)
	put(84, uint32(elf.PT_DYNAMIC), 0xc0, 0xc0, 0xc0, 16, 16, uint32(elf.PF_R), 4)
	put(0xc0, uint32(elf.DT_FLAGS_1), uint32(elf.DF_1_PIE), 0, 0)
	o, err := parseELF(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := staticPIE(o); err != nil || o.made != (abi{elf.EM_ARM, elf.ELFCLASS32, elf.ELFDATA2MSB}) {
		t.Errorf("made for %v: %v", o.made, err)
	}
	if fmt.Sprint(noRWX(o), bindNow(o) == nil) != "<nil> false" {
		t.Errorf("judged wrongly: %v, %v", noRWX(o), bindNow(o))
	}
}
