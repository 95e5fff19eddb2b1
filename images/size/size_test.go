package size

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// build compiles sources (file name: text) with gcc, each into an object.
func build(t *testing.T, dir string, sources map[string]string) {
	t.Helper()
	for name, text := range sources {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".c", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "gcc", "-O0", "-c", "-o", path+".o", path+".c")
	}
}

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

func TestAttribute(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{
		"main": `int big(void); int tiny(void); const char mine[3000] = "m"; int main(void) { return big() + tiny() + mine[7]; }`,
		"big":  `const char table[9000] = "t"; static const char local[50000] = "l"; int big(void) { return local[1] + table[2]; }`,
		"tiny": `static char zero[1 << 20]; int tiny(void) { return zero[3]; }`,
	})
	run(t, dir, "ar", "rcs", "libbig.a", "big.o")
	run(t, dir, "ar", "rcs", "libtiny.a", "tiny.o")
	run(t, dir, "gcc", "-o", "program", "main.o", "libbig.a", "libtiny.a")
	got, err := Attribute(filepath.Join(dir, "program"), "main", map[string][]string{
		"big": {filepath.Join(dir, "libbig.a")}, "tiny": {filepath.Join(dir, "libtiny.a")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for component, want := range map[string][2]int64{
		"main": {3000, 8000}, "big": {9000, 60000}, "tiny": {1, 1000}, // tiny's megabyte is not in the file
	} {
		if n := got[component]; n < want[0] || n > want[1] {
			t.Errorf("%s has %d bytes, want %d to %d", component, n, want[0], want[1])
		}
	}
	if sum := got["main"] + got["big"] + got["tiny"]; sum < 62000 {
		t.Errorf("only %d bytes are attributed: %v", sum, got)
	}
}

func TestAttributeRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"main": `int main(void) { return 0; }`})
	run(t, dir, "gcc", "-s", "-o", "stripped", "main.o")
	program := filepath.Join(dir, "stripped")
	if _, err := Attribute(program, "main", nil); err == nil {
		t.Error("a stripped program was accepted")
	}
	_, err := Attribute(program, "main", map[string][]string{"x": {filepath.Join(dir, "main.o")}})
	if err == nil || !strings.Contains(err.Error(), "main.o: it is no static library") {
		t.Errorf("an object as a library: %v", err)
	}
}

func TestParseIndex(t *testing.T) {
	t.Parallel()
	header := func(name, size string) string { return pad(name, 48) + pad(size, 10) + "`\n" }
	for name, test := range map[string]struct {
		data string
		want []string
		err  string
	}{
		"empty library":  {data: arMagic},
		"two names":      {data: arMagic + header("/", "18") + "\x00\x00\x00\x02" + "12345678" + "ab\x00cd\x00", want: []string{"ab", "cd"}},
		"no library":     {data: "\x7fELF", err: "no static library"},
		"short header":   {data: arMagic + "/", err: "truncated"},
		"no index":       {data: arMagic + header("a.o/", "4") + "abcd", err: `"a.o/"`},
		"size too large": {data: arMagic + header("/", "99") + "\x00\x00\x00\x00", err: "wrong size"},
		"size no number": {data: arMagic + header("/", "x") + "\x00\x00\x00\x00", err: "wrong size"},
		"absurd count":   {data: arMagic + header("/", "4") + "\xff\xff\xff\xff", err: "wrong count"},
		"names missing":  {data: arMagic + header("/", "14") + "\x00\x00\x00\x02" + "12345678" + "ab", err: "truncated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseIndex([]byte(test.data))
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("error %v, want %q", err, test.err)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("names %q, want %q", got, test.want)
			}
		})
	}
}

func pad(s string, n int) string { return s + strings.Repeat(" ", n-len(s)) }

func TestSource(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"SSL_read": "SSL_read", "match.constprop.0": "match", "ssl_log.lto_priv.0.isra.0": "ssl_log",
	} {
		if got := source(name); got != want {
			t.Errorf("source(%q) is %q, want %q", name, got, want)
		}
	}
}

func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(arMagic))
	f.Add([]byte(arMagic + pad("/", 48) + pad("18", 10) + "`\n" + "\x00\x00\x00\x02" + "12345678" + "ab\x00cd\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, err := parseIndex(data)
		if err == nil && len(names) > len(data) {
			t.Errorf("%d names out of %d bytes", len(names), len(data))
		}
	})
}
