package recipe_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// The start-up code that nginx is linked with, compiled as the plan compiles
// it but for the C library, protects the relocated data of a program. The same
// program without it shows that nothing else does.
func TestRelro(t *testing.T) {
	t.Parallel()
	const protect = "-Wl,-z,relro,-z,now,-z,separate-code,--gc-sections"
	dir := t.TempDir()
	command := startup(t, dir)
	without := link(t, dir, "without", slices.Concat(command, []string{protect, "-DREAL_MPROTECT=mprotect"}))
	with := link(t, dir, "with", slices.Concat(command, []string{protect, "-DREAL_MPROTECT=mprotect", "relro.o"}))
	failing := link(t, dir, "failing", slices.Concat(command, []string{protect, "-DREAL_MPROTECT=__real_mprotect", "-Wl,--wrap=mprotect", "relro.o"}))

	for _, c := range []struct {
		name, program string
		args          []string
		out           string
		code          int
		signal        syscall.Signal
	}{
		{"unprotected", without, nil, "rw-p\n", 0, 0},
		{"unprotected write", without, []string{"write"}, "rw-p\nwritten\n", 0, 0},
		{"protected", with, nil, "r--p\n", 0, 0},
		{"protected write", with, []string{"write"}, "r--p\n", -1, syscall.SIGSEGV},
		{"refused by the kernel", failing, nil, "nginx: cannot make relocated data read-only\n", 127, 0},
	} {
		out, err := exec.Command(c.program, c.args...).CombinedOutput()
		var state *os.ProcessState
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			state = exit.ProcessState
		} else if err != nil {
			t.Fatal(err)
		}
		code, signal := 0, syscall.Signal(0)
		if state != nil {
			code = state.ExitCode()
			if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
				signal = status.Signal()
			}
		}
		if string(out) != c.out || code != c.code || signal != c.signal {
			t.Errorf("%s: printed %q, ended with %d, %v", c.name, out, code, signal)
		}
	}
}

// nginxHere is nginx's part of the plan for this machine and its compiler.
func nginxHere(t *testing.T) recipe.Component {
	t.Helper()
	version, err := exec.Command("gcc", "-dumpversion").Output()
	if err != nil {
		t.Skip("there is no gcc")
	}
	tc := toolchain
	major, _, _ := strings.Cut(strings.TrimSpace(string(version)), ".")
	if tc.GCC, err = strconv.Atoi(major); err != nil {
		t.Fatal(err)
	}
	return component(t, plan(t, runtime.GOARCH, tc), "nginx")
}

// startup compiles the start-up code in dir with the command of the plan for
// this machine, and returns the command without what to compile.
func startup(t *testing.T, dir string) []string {
	t.Helper()
	nginx := nginxHere(t)
	for name, text := range nginx.Files {
		write(t, filepath.Join(dir, name), text)
	}
	sources := []string{"-c", "relro.c", "cpus.c", "rest.c"}
	command := compiling(t, nginx, "relro.c")
	flags := len(command) - len(sources)
	if !slices.Equal(command[flags:], sources) {
		t.Fatalf("the step of nginx is %q", command)
	}
	gcc(t, dir, command)
	return slices.Clip(command[:flags])
}

// link makes a program of testdata/relro.c in dir.
func link(t *testing.T, dir, name string, command []string) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("testdata", "relro.c"))
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, name)
	gcc(t, dir, slices.Concat(command, []string{"-Wno-prio-ctor-dtor", "-o", program, source}))
	return program
}

func gcc(t *testing.T, dir string, argv []string) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if bytes.Contains(out, []byte("cannot find -lc")) || bytes.Contains(out, []byte("cannot find rcrt1.o")) {
		t.Skipf("there is no static C library: %s", out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
