package recipe_test

import (
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Blocks that are freed are kept for who needs as much next, within limits, and what
// broken programs do to them is seen.
func TestBlocks(t *testing.T) {
	t.Parallel()
	program := blocks(t, "", "")
	out, err := exec.Command(program).CombinedOutput()
	if err != nil || string(out) != "done\n" {
		t.Errorf("ended with %v, %q", err, out)
	}
	for _, how := range []string{"freed twice", "freed twice, not at once", "written to after it was freed", "written over its end"} {
		out, err := exec.Command(program, how).CombinedOutput()
		if err == nil || !strings.Contains(err.Error(), "aborted") {
			t.Errorf("a block that is %s: ended with %v, %q, not with a crash", how, err, out)
		}
	}
}

// Some broken forms show that the program above sees what is wrong.
func TestBlocksOfBrokenAllocator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new string }{
		{"small blocks without an end", "classes[class].blocks == BLOCKS", "0"},
		{"small blocks for threads", "!classes[class].first || libc.need_locks", "!classes[class].first"},
		{"marks that stay", "w->mark = 0;", ""},
		{"another size", "size / SIZE_ALIGN;", "size / SIZE_ALIGN & ~1;"},
		{"large blocks from the start", "!scratch_keeps || len", "len"},
		{"large blocks without an end", "total + len > BYTES", "0"},
		{"large blocks of any size", "kept[i].len == len", "kept[i].len"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if out, err := exec.Command(blocks(t, c.old, c.new)).CombinedOutput(); err == nil {
				t.Errorf("ended without an error: %q", out)
			}
		})
	}
}

// blocks makes a program of testdata/blocks.c and of what the plan adds to musl's
// allocator, with one text of that replaced.
func blocks(t *testing.T, old, replacement string) string {
	t.Helper()
	dir := t.TempDir()
	command := []string{"gcc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-sign-compare", "-o", "blocks", "blocks.c"}
	found := 0
	for name, text := range component(t, plan(t, "amd64", toolchain), "musl").Files {
		found += strings.Count(text, old)
		write(t, filepath.Join(dir, path.Base(name)), strings.Replace(text, old, replacement, 1))
		command = append(command, path.Base(name))
	}
	if old != "" && found < 1 {
		t.Fatalf("no file of musl's has %q", old)
	}
	fromTestdata(t, dir, map[string]string{"blocks.c": "blocks.c", "malloc_impl.h": "blocks.h"})
	for _, name := range []string{"pthread_impl.h", "libc.h"} {
		write(t, filepath.Join(dir, name), "")
	}
	gcc(t, dir, command)
	return filepath.Join(dir, "blocks")
}
