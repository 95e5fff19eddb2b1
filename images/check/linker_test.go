package check

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// What a real linker makes must be judged like what is made by hand.
func TestLinkerOutput(t *testing.T) {
	t.Parallel()
	hardened := []string{"-fPIE", "-static-pie", "-nostdlib", "-Wl,-z,relro,-z,now,-z,noexecstack"}
	dynamic := []string{"-fPIE", "-pie", "-nostartfiles", "-Wl,--no-as-needed,-z,relro,-z,now,-z,noexecstack"}
	for _, c := range []struct {
		name  string
		args  []string
		fails []string
	}{
		{"hardened", hardened, nil},
		{"dynamic", dynamic, []string{"static-pie"}},
		{"library", []string{"-fPIC", "-shared", "-nostdlib", "-Wl,-z,relro,-z,now,-z,noexecstack"}, []string{"static-pie"}},
		{"lazy", append(hardened[:3:3], "-Wl,-z,relro,-z,lazy,-z,noexecstack"), []string{"bind-now"}},
		{"norelro", append(slices.Clone(hardened), "-Wl,-z,norelro"), []string{"relro"}},
		{"execstack", append(slices.Clone(hardened), "-Wl,-z,execstack"), []string{"nx-stack"}},
		{"textrel", append(slices.Clone(hardened), "-DTEXTREL", "-Wl,-z,notext"), []string{"no-rwx-segment"}},
		{"rpath", append(slices.Clone(dynamic), "-Wl,-rpath,/opt/lib"), []string{"no-rpath", "static-pie"}},
		{"old rpath", append(slices.Clone(dynamic), "-Wl,-rpath,/opt/lib,--disable-new-dtags"), []string{"no-rpath", "static-pie"}},
		{"not position-independent", []string{"-fno-pie", "-no-pie", "-static", "-nostdlib"}, []string{"bind-now", "relro", "static-pie"}},
		{"omagic", []string{"-fno-pie", "-no-pie", "-static", "-nostdlib", "-Wl,-N"}, []string{"bind-now", "no-rwx-segment", "relro", "static-pie"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			failures := judge(t, Static, map[string][]byte{"usr/sbin/nginx": compile(t, "program.c", c.args...)})
			if got := names(failures); !slices.Equal(got, c.fails) {
				t.Errorf("refused by %q, want %q: %v", got, c.fails, failures)
			}
		})
	}
}

// A stripped section table and a file cut short are what a real program may
// become: the first changes nothing, the second is never good.
func TestCutLinkerOutput(t *testing.T) {
	t.Parallel()
	data := compile(t, "program.c", "-fPIE", "-static-pie", "-nostdlib", "-Wl,-z,now")
	o, err := parseELF(data)
	if err != nil {
		t.Fatal(err)
	}
	var end uint64
	for _, p := range o.segments {
		end = max(end, p.Off+p.Filesz)
	}
	if failures := judge(t, Static, map[string][]byte{"usr/sbin/nginx": data[:end]}); len(failures) > 0 {
		t.Errorf("without section headers: %v", failures)
	}
	for n := range end {
		if _, err := parseELF(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes pass", n, end)
		}
	}
}

// The same with a loader: a program, a library of ours and the machine's own C
// library, which was linked without a thought of these checks.
func TestLinkedLibraries(t *testing.T) {
	t.Parallel()
	hardened := []string{"-fPIE", "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"}
	shared := []string{"-fPIC", "-shared", "-nostdlib", "-Wl,-soname,libnumber.so.1,-z,lazy,-z,norelro"}
	for _, c := range []struct {
		name             string
		program, library []string
		spoil            func(files map[string][]byte)
		fails            []string // of a dynamic image
		debug            []string // of a debug image
	}{
		{"hardened", hardened, shared, nil, nil, nil},
		{"lazy", append(hardened[:2:2], "-Wl,-z,relro,-z,lazy"), shared, nil, []string{"bind-now"}, []string{"bind-now"}},
		{"not position-independent", append(slices.Clone(hardened), "-no-pie", "-fno-pie"), shared, nil, []string{"pie"}, []string{"pie"}},
		{"rpath of the program", append(slices.Clone(hardened), "-Wl,-rpath,/opt"), shared, nil, []string{"no-rpath"}, []string{"no-rpath"}},
		{"rpath of the library", hardened, append(slices.Clone(shared), "-Wl,-rpath,/opt"), nil, []string{"no-rpath"}, nil},
		{"execstack of the library", hardened, append(slices.Clone(shared), "-Wl,-z,execstack"), nil, []string{"nx-stack"}, nil},
		{"textrel of the library", hardened, append(slices.Clone(shared), "-DTEXTREL", "-Wl,-z,notext"), nil, []string{"no-rwx-segment"}, nil},
		{"no C library", hardened, shared, func(files map[string][]byte) { delete(files, "usr/lib/libc.so.6") }, []string{"closure", "no-shell"}, []string{"closure"}},
		{"library twice", hardened, shared, func(files map[string][]byte) { files["usr/lib/libnumber.so"] = files["usr/lib/libnumber.so.1"] }, []string{"closure", "no-shell"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			library := compile(t, "program.c", c.library...)
			name := filepath.Join(t.TempDir(), "libnumber.so")
			if err := os.WriteFile(name, library, 0o600); err != nil {
				t.Fatal(err)
			}
			program := compile(t, "main.c", append(slices.Clone(c.program), name)...)
			files := hostLibraries(t, program)
			files["usr/sbin/nginx"], files["usr/lib/libnumber.so.1"] = program, library
			if c.spoil != nil {
				c.spoil(files)
			}
			for p, want := range map[Profile][]string{Dynamic: c.fails, Debug: c.debug} {
				failures := judge(t, p, files)
				if got := names(failures); !slices.Equal(got, want) {
					t.Errorf("%v: refused by %q, want %q: %v", p, got, want, failures)
				}
			}
		})
	}
}

// judge returns what those checks that read ELF files say of an image that they
// refuse. Its program is usr/sbin/nginx, and all its files can be run.
func judge(t testing.TB, p Profile, files map[string][]byte) map[string]error {
	t.Helper()
	s := Subject{Profile: p, Tree: tree.New(), Binary: "usr/sbin/nginx"}
	for name, data := range files {
		if err := s.Tree.Add(tree.File{Path: name, Mode: 0o755, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	failures := map[string]error{}
	for _, c := range Checks(p) {
		if !slices.Contains(readers(p), c.Name) {
			continue
		}
		if err := c.Run(t.Context(), s); err != nil {
			failures[c.Name] = err
		}
	}
	return failures
}

// dynamicFiles are the ELF files of the good dynamic fixture.
func dynamicFiles() map[string][]byte {
	files := map[string][]byte{"usr/sbin/nginx": dynamicELF().bytes()}
	for name, c := range goodFixture(Dynamic).crafts {
		files[name] = c.bytes()
	}
	return files
}

// hostLibraries are this machine's loader, which the program asks for, and C library.
func hostLibraries(t *testing.T, program []byte) map[string][]byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "gcc", "-print-file-name=libc.so.6").Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	loader, err := f.Section(".interp").Data()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for name, source := range map[string]string{
		"usr/lib/libc.so.6":                   strings.TrimSpace(string(out)),
		strings.Trim(string(loader), "/\x00"): strings.Trim(string(loader), "\x00"),
	} {
		if files[name], err = os.ReadFile(source); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// compile compiles a file of testdata with the host's gcc.
func compile(t *testing.T, source string, args ...string) []byte {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc on this machine: only ELF files made by hand are judged")
	}
	program := filepath.Join(t.TempDir(), "program")
	argv := slices.Concat([]string{"-o", program, filepath.Join("testdata", source)}, args)
	if out, err := exec.CommandContext(t.Context(), gcc, argv...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
