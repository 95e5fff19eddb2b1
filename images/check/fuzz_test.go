package check

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// FuzzELF holds that hostile bytes never panic, and that whatever all ELF checks
// accept is good to a second, naive reader that shares no code with them.
func FuzzELF(f *testing.F) {
	f.Add(goodELF().bytes())
	f.Add(dynamicELF().bytes())
	for _, p := range every {
		for _, c := range badCases(p) {
			fixture := goodFixture(p)
			c.spoil(fixture)
			if fixture.program != nil {
				f.Add(fixture.program.bytes())
			}
		}
	}
	f.Add([]byte(elf.ELFMAG))
	f.Add(bytes.Repeat([]byte{0xff}, 200))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range []Profile{Dynamic, Debug} {
			files := dynamicFiles()
			files[craftSSL] = data
			judge(t, p, files)
			files["usr/sbin/nginx"] = data
			judge(t, p, files)
		}
		if len(judge(t, Static, map[string][]byte{"usr/sbin/nginx": data})) > 0 {
			return
		}
		if elf.Class(data[elf.EI_CLASS]) == elf.ELFCLASS64 && elf.Data(data[elf.EI_DATA]) == elf.ELFDATA2LSB {
			naive(t, data)
		}
	})
}

// naive reads a 64-bit little-endian program without debug/elf's reader.
func naive(t *testing.T, data []byte) {
	t.Helper()
	var h elf.Header64
	var found struct{ code, relro, stack, dynamic bool }
	read(t, data, 0, &h)
	if elf.Type(h.Type) != elf.ET_DYN {
		t.Errorf("accepted type %d", h.Type)
	}
	for i := range uint64(h.Phnum) {
		var p elf.Prog64
		read(t, data, h.Phoff+i*uint64(h.Phentsize), &p)
		flags := elf.ProgFlag(p.Flags)
		switch elf.ProgType(p.Type) {
		case elf.PT_LOAD:
			if flags&elf.PF_W != 0 && flags&elf.PF_X != 0 || p.Off+p.Filesz > uint64(len(data)) {
				t.Errorf("accepted segment %+v of %d bytes", p, len(data))
			}
			found.code = found.code || flags&elf.PF_X != 0 && p.Vaddr <= h.Entry && h.Entry < p.Vaddr+p.Filesz
		case elf.PT_INTERP:
			t.Error("accepted an interpreter")
		case elf.PT_GNU_RELRO:
			found.relro = true
		case elf.PT_GNU_STACK:
			found.stack = true
			if flags&elf.PF_X != 0 {
				t.Error("accepted an executable stack")
			}
		case elf.PT_DYNAMIC:
			found.dynamic = true
			naiveDynamic(t, data, p)
		}
	}
	if !found.code || !found.relro || !found.stack || !found.dynamic {
		t.Errorf("accepted without something: %+v", found)
	}
}

func naiveDynamic(t *testing.T, data []byte, p elf.Prog64) {
	t.Helper()
	var flags, flags1 uint64
	var bindNow bool
	for at := p.Off; ; at += 16 {
		var d elf.Dyn64
		read(t, data, at, &d)
		switch elf.DynTag(d.Tag) {
		case elf.DT_NULL:
			if flags1&uint64(elf.DF_1_PIE) == 0 || !bindNow && flags&uint64(elf.DF_BIND_NOW) == 0 && flags1&uint64(elf.DF_1_NOW) == 0 {
				t.Errorf("accepted flags %#x and %#x", flags, flags1)
			}
			return
		case elf.DT_NEEDED, elf.DT_RPATH, elf.DT_RUNPATH, elf.DT_TEXTREL:
			t.Errorf("accepted %v", elf.DynTag(d.Tag))
		case elf.DT_BIND_NOW:
			bindNow = true
		case elf.DT_FLAGS:
			flags |= d.Val
		case elf.DT_FLAGS_1:
			flags1 |= d.Val
		}
	}
}

func read(t *testing.T, data []byte, at uint64, into any) {
	t.Helper()
	if at > uint64(len(data)) {
		t.Fatalf("accepted a header at %d of %d bytes", at, len(data))
	}
	if err := binary.Read(bytes.NewReader(data[at:]), binary.LittleEndian, into); err != nil {
		t.Fatalf("accepted a header that cannot be read: %v", err)
	}
}
