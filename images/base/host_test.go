package base

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestHost(t *testing.T) {
	t.Parallel()
	if _, err := lookPath("gcc", Path, os.Stat); err != nil {
		t.Skip("this machine has no gcc")
	}
	got, err := Host(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(got.ID) {
		t.Errorf("ID %q is no SHA-256", got.ID)
	}
	if got.GCC < 4 || !regexp.MustCompile(`^gcc .*\d+\.\d+\.\d+, GNU ld .*\d+\.\d+`).MatchString(got.Version) {
		t.Errorf("GCC %d, version %q", got.GCC, got.Version)
	}
	for _, name := range []string{"linux/types.h", "asm-generic/types.h", "asm/types.h"} {
		found := slices.ContainsFunc(got.Headers, func(dir string) bool {
			return filepath.Base(dir) == filepath.Dir(name) && exists(filepath.Join(dir, filepath.Base(name)))
		})
		if !found {
			t.Errorf("%s is in none of %q", name, got.Headers)
		}
	}
	again, err := Host(t.Context(), nil)
	if err != nil || again.ID != got.ID {
		t.Errorf("asked again: %s, %v, want %s", again.ID, err, got.ID)
	}
}

func TestHostCancelled(t *testing.T) {
	t.Parallel()
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := Host(ctx, nil); !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("got %v", err)
	}
}

// fakeGCC answers as gcc does; DIR becomes the folder of the machine.
const fakeGCC = `#!/bin/sh
case "$*" in
-dumpfullversion) echo 13.2.1;;
--version) echo "gcc (Fake  13.2.1-3) 13.2.1"; echo Copyright;;
-Wl,--version) echo "GNU ld 2.44"; echo Copyright;;
-print-multiarch) echo fake-linux;;
-print-search-dirs) echo "install: DIR/gcc/"; echo "programs: =DIR/nothing/:DIR/gcc/"; echo "libraries: =DIR/gcc/:DIR/lib/";;
*) exit 1;;
esac
`

// fake makes a machine that has all that is needed, and returns it with its folder.
func fake(t *testing.T) (machine, string) {
	t.Helper()
	return fakeCross(t, nil)
}

// fakeCross does the same for another architecture's toolchain.
func fakeCross(t *testing.T, c *cross) (machine, string) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{}
	for _, n := range required {
		files["bin/"+n.what] = "#!/bin/sh\n"
	}
	files["bin/gcc"] = strings.ReplaceAll(fakeGCC, "DIR", dir)
	for _, name := range []string{"cc1", "lto1", "lto-wrapper", "collect2", "as", "libgcc.a", "include/stddef.h"} {
		files["gcc/"+name] = name
	}
	for _, name := range []string{"libgcc_eh.a", "crtbeginS.o", "crtendS.o", "liblto_plugin.so"} {
		files["lib/"+name] = name
	}
	for _, name := range []string{"ld", "ar", "ranlib"} {
		files["bin/"+name] = name
	}
	if c != nil {
		for _, name := range []string{"gcc", "gcc-ar", "gcc-ranlib", "strip"} {
			files["bin/"+c.prefix()+name] = files["bin/"+name]
			delete(files, "bin/"+name)
		}
		files["bin/"+c.emulator()] = "#!/bin/sh\n"
	}
	for _, name := range []string{"linux/a.h", "linux/deep/b.h", "asm-generic/c.h", "fake-linux/asm/d.h"} {
		files["include/"+name] = name
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return machine{path: filepath.Join(dir, "bin"), include: filepath.Join(dir, "include"), cross: c}, dir
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	// No process that is forked meanwhile may have it open: it may be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestPrerequisites(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		remove []string
		broken string // a program that always fails
		want   string
	}{
		"all there":   {},
		"no make":     {remove: []string{"bin/make"}, want: "needs make, which this machine lacks: run `apt-get install -y make` "},
		"no binutils": {remove: []string{"bin/strip"}, want: "needs strip, which this machine lacks: run `apt-get install -y binutils` "},
		"no compiler": {
			remove: []string{"bin/gcc", "bin/gcc-ar", "bin/gcc-ranlib"},
			want:   "needs gcc, gcc-ar, gcc-ranlib, which this machine lacks: run `apt-get install -y gcc` ",
		},
		"nothing": {
			remove: []string{"bin"},
			want: "needs gcc, gcc-ar, gcc-ranlib, strip, make, perl, sed, install, cp, which this machine lacks: " +
				"run `apt-get install -y gcc binutils make perl sed coreutils` ",
		},
		"a minimal perl":  {broken: "perl", want: "needs perl's standard modules, which this machine lacks: run `apt-get install -y perl` "},
		"no headers":      {remove: []string{"include"}, want: "needs the kernel's headers, which this machine lacks: run `apt-get install -y linux-libc-dev` "},
		"no asm headers":  {remove: []string{"include/fake-linux/asm"}, want: "needs the kernel's headers, "},
		"perl and header": {broken: "perl", remove: []string{"include/linux"}, want: "needs perl's standard modules, the kernel's headers, which this machine lacks: run `apt-get install -y perl linux-libc-dev` "},
		"no linker":       {remove: []string{"bin/ld"}, want: "looking for gcc's ld: it is not in PATH, which is "},
		"no libgcc":       {remove: []string{"gcc/libgcc.a"}, want: "looking for gcc's libgcc.a: it is in none of "},
		"a broken gcc":    {broken: "gcc", want: "asking gcc -print-multiarch: exit status 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, dir := fake(t)
			for _, name := range test.remove {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			if test.broken != "" {
				write(t, filepath.Join(dir, "bin", test.broken), "#!/bin/sh\nexit 2\n")
			}
			got, err := m.toolchain(t.Context())
			if test.want == "" {
				if err != nil || got.GCC != 13 || got.Version != "gcc (Fake 13.2.1-3) 13.2.1, GNU ld 2.44" {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestIdentity changes a byte of each file of a toolchain in turn.
func TestIdentity(t *testing.T) {
	t.Parallel()
	m, dir := fake(t)
	testIdentity(t, m, dir)
}

func testIdentity(t *testing.T, m machine, dir string) {
	t.Helper()
	id := func() string {
		got, err := m.toolchain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got.ID
	}
	original := id()
	if again := id(); again != original {
		t.Fatalf("nothing changed, but %s became %s", original, again)
	}
	files, err := list(dir)
	if err != nil || len(files) < 20 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, string(before)+"\n")
		if id() == original {
			t.Errorf("%s changed, the identity did not", file)
		}
		write(t, file, string(before))
	}
	if err := os.Rename(filepath.Join(dir, "include/linux/a.h"), filepath.Join(dir, "include/asm-generic/a.h")); err != nil {
		t.Fatal(err)
	}
	if id() == original {
		t.Error("a file moved, the identity did not change")
	}
}

// TestLibraries has a toolchain with a program that loads libraries, with one
// that is empty, and with scripts.
func TestLibraries(t *testing.T) {
	t.Parallel()
	const shell = "/bin/sh"
	m, dir := fake(t)
	write(t, filepath.Join(dir, "bin/ld"), "")
	if err := errors.Join(os.Remove(filepath.Join(dir, "gcc/as")), os.Symlink(shell, filepath.Join(dir, "gcc/as"))); err != nil {
		t.Fatal(err)
	}
	files, err := m.files(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var outside []string
	for _, file := range files {
		if !strings.HasPrefix(file, dir) {
			outside = append(outside, file)
		}
	}
	loaded, err := libraries(t.Context(), shell)
	if slices.Sort(loaded); err != nil || !slices.Equal(outside, loaded) {
		t.Errorf("the files outside are %q, want %q, %v", outside, loaded, err)
	}
	if !slices.ContainsFunc(loaded, func(s string) bool { return strings.Contains(s, "/libc.") || strings.Contains(s, "musl") }) {
		t.Errorf("of the shell: %q", loaded)
	}
	if _, err := libraries(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
}

func BenchmarkHost(b *testing.B) {
	for b.Loop() {
		if _, err := Host(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
