package size

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// sources of three components, with names that two of them have, and strings that
// nothing but an instruction or a table leads to.
var sources = map[string]string{
	"main": `int big(void); int tiny(int); const char mine[3000] = "m";
		int main(int n, char **v) { return big() + tiny(n) + mine[n]; }`,
	"big": `const char table[9000] = "t"; static const short local[25000] = {1, 2};
		const char *const list[] = {"a text that only a table of big leads to", "and another of these texts"};
		__attribute__((noinline)) static int helper(int i) { return local[i] + table[i] + list[i & 1][i]; }
		int big(void) { volatile int i = 1; return helper(i); }`,
	"tiny": `static char zero[1 << 20]; int puts(const char *);
		__attribute__((noinline)) static int helper(int i) { puts("a text that only code of tiny leads to"); return zero[i]; }
		__attribute__((noinline)) int tiny(int i) { return helper(i) + helper(i + 1); }`,
}

func TestDivide(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"objects":                {"-O1", "-fPIE"},
		"link-time optimization": {"-O1", "-fPIE", "-flto", "-ffunction-sections", "-fdata-sections"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			compile(t, dir, sources, flags...)
			run(t, dir, "gcc-ar", "rcs", "libbig.a", "big.o")
			run(t, dir, "gcc-ar", "rcs", "libtiny.a", "tiny.o")
			run(t, dir, "gcc", append(flags, "-pie", "-o", "program", "main.o", "libbig.a", "libtiny.a", "-Wl,-z,pack-relative-relocs")...)
			run(t, dir, "strip", "-o", "stripped", "program")
			owners, err := ReadOwners("main", map[string][]string{
				"big": {filepath.Join(dir, "libbig.a")}, "tiny": {filepath.Join(dir, "libtiny.a")},
			})
			if err != nil {
				t.Fatal(err)
			}
			program := Program{
				Data: read(t, filepath.Join(dir, "stripped")), Unstripped: read(t, filepath.Join(dir, "program")),
				Component: "main", Owners: owners,
			}
			f, err := Divide("usr/bin/program", program)
			if err != nil {
				t.Fatal(err)
			}
			exact(t, f)
			if f.Bytes != int64(len(program.Data)) {
				t.Errorf("%d bytes of %d", f.Bytes, len(program.Data))
			}
			for component, want := range map[string][2]int64{
				"main": {3000, 9000}, "big": {59000, 60500}, "tiny": {60, 1000}, Linker: {1000, 20000}, // tiny's megabyte is not in the file
			} {
				if n := sum(f, func(p Part) bool { return p.Component == component }); n < want[0] || n > want[1] {
					t.Errorf("%s has %d bytes, want %d to %d", component, n, want[0], want[1])
				}
			}
			owned := func(component, symbol string, least int64) {
				t.Helper()
				if n := sum(f, func(p Part) bool { return p.Component == component && p.Symbol == symbol }); n < least {
					t.Errorf("%s has %d bytes of %s, want %d or more", component, n, symbol, least)
				}
			}
			owned("big", "local", 50000) // no other has this name
			owned("big", "table", 9000)
			owned("main", "mine", 3000)
			if name == "objects" { // both have a helper
				owned("big", "helper", 10)
				owned("tiny", "helper", 10)
				owned("big", Strings, 60)
				owned("tiny", Strings, 30)
			}
			if n := sum(f, func(p Part) bool { return p.Component == "big" && p.Source != "big.o" }); n > 0 {
				t.Errorf("%d bytes of big are of another source than big.o", n)
			}
		})
	}
}

// What has no symbols is divided by sections, and nothing is guessed.
func TestDivideWithoutSymbols(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	compile(t, dir, map[string]string{"main": `const char table[9000] = "t"; int main(int n, char **v) { return table[n]; }`})
	run(t, dir, "gcc", "-static", "-nostartfiles", "-e", "main", "-s", "-o", "stripped", "main.o")
	f, err := Divide("stripped", Program{Data: read(t, filepath.Join(dir, "stripped")), Component: "main"})
	if err != nil {
		t.Fatal(err)
	}
	exact(t, f)
	if f.HasSymbols() {
		t.Errorf("a stripped program has symbols: %v", f.Parts)
	}
	for section, least := range map[string]int64{".text": 10, ".rodata": 9000, elfHeader: 64, sectionHeaders: 64, programHeaders: 56} {
		if n := sum(f, func(p Part) bool { return p.Section == section }); n < least {
			t.Errorf("%s has %d bytes, want %d or more", section, n, least)
		}
	}
	if n := sum(f, func(p Part) bool { return p.Component == "main" }); n != f.Bytes {
		t.Errorf("%d of %d bytes are the component's", n, f.Bytes)
	}
}

// A library offers names though it is stripped.
func TestDivideLibrary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	compile(t, dir, map[string]string{"lib": `const char table[9000] = "t"; int f(int n) { return table[n]; }`}, "-fPIC")
	run(t, dir, "gcc", "-shared", "-nostdlib", "-s", "-o", "lib.so", "lib.o")
	f, err := Divide("lib.so", Program{Data: read(t, filepath.Join(dir, "lib.so")), Component: "lib"})
	if err != nil {
		t.Fatal(err)
	}
	exact(t, f)
	if n := sum(f, func(p Part) bool { return p.Symbol == "table" }); n != 9000 {
		t.Errorf("table has %d bytes, want 9000: %v", n, f.Parts)
	}
}

func TestDivideWhole(t *testing.T) {
	t.Parallel()
	for text, parts := range map[string]int{"": 0, "worker_processes auto;": 1, "\x7fEL": 1} {
		f, err := Divide("etc/x", Program{Data: []byte(text), Component: "conf"})
		if err != nil || len(f.Parts) != parts || f.Bytes != int64(len(text)) {
			t.Errorf("%q is %+v, %v", text, f, err)
		}
		exact(t, f)
	}
}

func TestDivideRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	compile(t, dir, map[string]string{"a": "int main(void) { return 0; }", "b": "char x[9999] = {1}; int main(void) { return x[1]; }"})
	for _, name := range []string{"a", "b"} {
		run(t, dir, "gcc", "-o", name, name+".o")
	}
	a, b := read(t, filepath.Join(dir, "a")), read(t, filepath.Join(dir, "b"))
	for name, test := range map[string]struct {
		in   Program
		want string
	}{
		"truncated":        {Program{Data: a[:50]}, "reading x"},
		"another's":        {Program{Data: a, Unstripped: b}, "not of the same link"},
		"symbols of none":  {Program{Data: a, Unstripped: []byte("\x7fELF")}, "with its symbols"},
		"32 bits":          {Program{Data: append([]byte("\x7fELF\x01\x01\x01"), make([]byte, 200)...)}, "reading x"},
		"sections outside": {Program{Data: patched(a, 40, 0xff, 0xff, 0xff, 0xff)}, "reading x"},
	} {
		if f, err := Divide("x", test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d parts, error %v, want %q", name, len(f.Parts), err, test.want)
		}
	}
}

func patched(data []byte, at int, with ...byte) []byte {
	data = bytes.Clone(data)
	copy(data[at:], with)
	return data
}

// Whatever headers say, each byte has one owner.
func FuzzDivide(f *testing.F) {
	for _, s := range []string{"", "\x7fELF", "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 200)} {
		f.Add([]byte(s))
	}
	f.Add(small())
	owners := &Owners{main: "main", names: map[string][]owner{}}
	owners.add(owner{"lib", "a.o"}, []string{"f", "table"})
	owners.add(owner{"other", "b.o"}, []string{"f"})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, in := range []Program{{Data: data, Component: "c"}, {Data: data, Unstripped: data, Component: "main", Owners: owners}} {
			divided, err := Divide("x", in)
			if err != nil {
				continue
			}
			if divided.Bytes != int64(len(data)) {
				t.Errorf("%d bytes of %d", divided.Bytes, len(data))
			}
			exact(t, divided)
		}
	})
}
