package size

import (
	"slices"
	"testing"
)

// The crafted program has something of all kinds.
func TestDivideCrafted(t *testing.T) {
	t.Parallel()
	owners := &Owners{main: "main", names: map[string][]owner{}}
	owners.add(owner{"code", "f.o"}, []string{"f"})
	owners.add(owner{"data", "table.o"}, []string{"table"})
	data := small()
	f, err := Divide("x", Program{Data: data, Component: "main", Owners: owners})
	if err != nil {
		t.Fatal(err)
	}
	exact(t, f)
	for _, want := range []Part{
		{"code", "f.o", ".text", "f", 20},
		{"code", "f.o", ".text", Alignment, 44},
		{"main", "", ".rodata", Alignment, 16}, // before anything that somebody refers to
		{"code", "f.o", ".rodata", Strings, 10},
		{"data", "table.o", ".rodata", Constants, 19}, // a text, but more than that
		{"data", "table.o", ".data.rel.ro", "table", 8},
		{Linker, "", ".relr.dyn", "", 8},
		{Linker, "", padding, "", 5 * 8},
		{Linker, "", elfHeader, "", 64},
		{Linker, "", sectionHeaders, "", 8 * 64},
	} {
		if !slices.Contains(f.Parts, want) {
			t.Errorf("%+v is not among the parts", want)
		}
	}
	if t.Failed() {
		t.Logf("%+v", f.Parts)
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"\x00\x00": Alignment, "text\x00": Strings, "a\nb\x00c\x00\x00": Strings, "text": Constants, "\x01\x02\x00": Constants, "\x7f\x00": Constants,
		"caf\xc3\xa9\x00": Strings, string(make([]byte, 100)): Strings,
	} {
		if got := kind([]byte(data)); got != want {
			t.Errorf("%q is %s, want %s", data, got, want)
		}
	}
}
