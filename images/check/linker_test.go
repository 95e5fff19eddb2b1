package check

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
			failures := judge(t.Context(), t, link(t, c.args...))
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
	data := link(t, "-fPIE", "-static-pie", "-nostdlib", "-Wl,-z,now")
	o, err := parseELF(data)
	if err != nil {
		t.Fatal(err)
	}
	var end uint64
	for _, p := range o.segments {
		end = max(end, p.Off+p.Filesz)
	}
	if failures := judge(t.Context(), t, data[:end]); len(failures) > 0 {
		t.Errorf("without section headers: %v", failures)
	}
	for n := range end {
		if _, err := parseELF(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes pass", n, end)
		}
	}
}

// judge returns what each ELF check says of a program that it refuses.
func judge(ctx context.Context, t testing.TB, data []byte) map[string]error {
	t.Helper()
	s := Subject{Tree: tree.New(), Binary: "nginx"}
	if err := s.Tree.Add(tree.File{Path: "nginx", Mode: 0o755, Data: data}); err != nil {
		t.Fatal(err)
	}
	failures := map[string]error{}
	for _, c := range elfChecks() {
		if err := c.Run(ctx, s); err != nil {
			failures[c.Name] = err
		}
	}
	return failures
}

// link compiles testdata/program.c with the host's gcc.
func link(t *testing.T, args ...string) []byte {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc on this machine: only ELF files made by hand are judged")
	}
	program := filepath.Join(t.TempDir(), "program")
	argv := slices.Concat([]string{"-o", program, filepath.Join("testdata", "program.c")}, args)
	if out, err := exec.CommandContext(t.Context(), gcc, argv...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
