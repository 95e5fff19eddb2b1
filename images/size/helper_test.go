package size

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: if the change is meant, run the test with -update:\n%s", name, diff)
	}
}

// compile compiles sources (file name: text) with gcc, each into an object.
func compile(t *testing.T, dir string, sources map[string]string, flags ...string) {
	t.Helper()
	for name, text := range sources {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".c", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "gcc", append([]string{"-c", "-o", path + ".o", path + ".c"}, flags...)...)
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

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// exact holds that each byte of a file has one owner.
func exact(t *testing.T, f File) {
	t.Helper()
	if err := f.check(); err != nil {
		t.Errorf("%s: %v", f.Path, err)
	}
}

// sum adds up the parts of which keep is true.
func sum(f File, keep func(Part) bool) (n int64) {
	for _, p := range f.Parts {
		if keep(p) {
			n += p.Bytes
		}
	}
	return n
}
