package recipe_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The functions for memory, compiled as the plan compiles them but for the C library and
// for their names, do what the C library's do. Some broken ones show that this is seen.
func TestMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("they are for x86-64 only")
	}
	for _, c := range []struct{ name, old, new, said string }{
		{"as they are", "", "", ""},
		{"memcpy without the end", "AT(v16, d, n - 16) = b;\n\treturn d;", "return d;", "memcpy of 33 bytes"},
		{"memcpy that writes too far", "i < n - 32; i += 32", "i < n; i += 32", "memcpy of 33 bytes"},
		{"string instruction for too little", "(n - 1) / 8", "(n - 1) / 8 - 4", "memcpy of 2048 bytes"},
		{"few bytes", "n >= 4)", "n >= 3)", "signal: segmentation fault"},
		{"memmove that goes forward", ">= n) {\n\t\treturn memcpy", ">= n / 2) {\n\t\treturn memcpy", "memmove of "},
		{"memmove without the start", "AT(v16, d, 16) = b;\n\treturn d;\n}\n\nint", "return d;\n}\n\nint", "memmove of "},
		{"memcmp of machine words", "__builtin_bswap64(a) < __builtin_bswap64(b)", "a < b", "memcmp of "},
		{"memcmp that reads too far", "for (; i + 8 <= n", "(void) *((const volatile char *) l + n);\n\tfor (; i + 8 <= n", "signal: segmentation fault"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, err := compareMemory(t, c.old, c.new)
			if c.said != "" {
				if err == nil || !strings.Contains(out+err.Error(), c.said) {
					t.Errorf("ended with %v, %q, not with %q", err, out, c.said)
				}
				return
			}
			var copies, moves, comparisons int
			if _, scan := fmt.Sscan(out, &copies, &moves, &comparisons); err != nil || scan != nil {
				t.Fatalf("ended with %v, %q", err, out)
			}
			if min(copies, moves, comparisons) < 100_000 {
				t.Errorf("%d copies, %d moves and %d comparisons are not all that there should be", copies, moves, comparisons)
			}
		})
	}
}

// compareMemory makes a program of testdata/memory.c and the functions, with one text
// of them replaced, and returns what it prints.
func compareMemory(t *testing.T, old, replacement string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	nginx := nginxHere(t)
	text := nginx.Files["memory.c"]
	if n := strings.Count(text, old); old != "" && n != 1 {
		t.Fatalf("%q is in memory.c %d times", old, n)
	}
	write(t, filepath.Join(dir, "memory.c"), strings.Replace(text, old, replacement, 1))
	command := compiling(t, nginx, "memory.c")
	for _, name := range []string{"memcpy", "memmove", "memcmp"} {
		command = append(command, "-D"+name+"=tested_"+name)
	}
	if old != "" {
		command = append(command, "-Wno-error") // of what is then not used
	}
	gcc(t, dir, command)
	main, err := filepath.Abs("testdata/memory.c")
	if err != nil {
		t.Fatal(err)
	}
	gcc(t, dir, []string{"gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "compare", main, "memory.o"})
	out, err := exec.Command(filepath.Join(dir, "compare")).CombinedOutput()
	return string(out), err
}
