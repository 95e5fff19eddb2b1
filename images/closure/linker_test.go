package closure

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// What a real linker makes is read as debug/elf reads it.
func TestLinkerOutput(t *testing.T) {
	t.Parallel()
	for _, compiler := range []string{"gcc", "aarch64-linux-gnu-gcc"} {
		t.Run(compiler, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(compiler); err != nil {
				t.Skip("not on this machine: only ELF files made by hand are read")
			}
			dir := t.TempDir()
			link := func(output string, args ...string) []byte {
				argv := append([]string{"-xc", "/dev/null", "-xnone", "-nostdlib", "-o", filepath.Join(dir, output)}, args...)
				cmd := exec.CommandContext(t.Context(), compiler, argv...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %v\n%s", argv, err, out)
				}
				data, err := os.ReadFile(filepath.Join(dir, output))
				if err != nil {
					t.Fatal(err)
				}
				return data
			}
			library := link("liba.so", "-shared", "-Wl,-soname,liba.so.1")
			program := link("p", "-pie", "-Wl,-e,0,--no-as-needed,-dynamic-linker,"+musl+",-rpath,/opt:$ORIGIN/../a", filepath.Join(dir, "liba.so"))
			all := plant(t, file{"bin/p", "p", program}, file{"a/liba.so.1.0", "a", library},
				file{"a/liba.so.1", "a", "liba.so.1.0"}, file{musl[1:], "musl", library})
			g, err := Find(all, []string{"bin/p"})
			if want := []string{"a/liba.so.1", "a/liba.so.1.0", "bin/p", musl[1:]}; err != nil || !slices.Equal(paths(g), want) {
				t.Errorf("got %q (%v), want %q", paths(g), err, want)
			}
			reader, err := elf.NewFile(bytes.NewReader(program))
			if err != nil {
				t.Fatal(err)
			}
			want, err := reader.ImportedLibraries()
			if o, errParse := parse(program); err != nil || errParse != nil || !slices.Equal(o.needed, want) || o.abi.machine != reader.Machine {
				t.Errorf("got %+v (%v), debug/elf has %q (%v)", o, errParse, want, err)
			}
		})
	}
}
