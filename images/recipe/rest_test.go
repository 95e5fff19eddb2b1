package recipe_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// A program that gives its pages back has its constants and what it has written all the same.
func TestRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command := startup(t, dir)
	main, err := filepath.Abs("testdata/rest.c")
	if err != nil {
		t.Fatal(err)
	}
	gcc(t, dir, slices.Concat(command, []string{"-Wl,-z,relro,-z,now,-z,separate-code", "-o", "rest", main, "rest.o", "relro.o"}))
	out, err := exec.Command(filepath.Join(dir, "rest")).CombinedOutput()
	var before, after, wrong, constant int
	if _, scan := fmt.Sscan(string(out), &before, &after, &wrong, &constant); err != nil || scan != nil {
		t.Fatalf("ended with %v, %q", err, out)
	}
	// What runs to count them comes back with its neighbours.
	if before < 512 || after > before-256 {
		t.Errorf("%d kB of code and constants are in memory before, %d after", before, after)
	}
	if wrong != 0 || constant != 7 {
		t.Errorf("%d places have not what was written, and a constant is %d, not 7", wrong, constant)
	}
}
