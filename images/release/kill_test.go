package release_test

import (
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/release"
)

const (
	killDir = "RELEASE_TEST_KILL_DIR"
	started = "writing\n"
)

// TestWriteUntilKilled is the process that TestKilledAnywhere kills.
func TestWriteUntilKilled(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("only runs inside TestKilledAnywhere")
	}
	a, b := sample(t, "a"), sample(t, "b")
	if _, err := os.Stdout.WriteString(started); err != nil {
		t.Fatal(err)
	}
	for range 100_000 { // would take minutes: the parent kills long before
		write(t, a, dir)
		write(t, b, dir)
	}
}

// Whenever a writer is killed, the layout is an old or a new one, whole.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "static")
	a, b := sample(t, "a"), sample(t, "b")
	write(t, a, dir)
	seen := map[string]int{}
	for range 25 {
		writer := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriteUntilKilled$")
		writer.Env = append(os.Environ(), killDir+"="+dir)
		output, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(output, make([]byte, len(started))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(30 * time.Millisecond))
		if err := writer.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := writer.Wait(); err == nil {
			t.Fatal("the writer ended before it was killed")
		}
		got, err := release.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		seen[digest(t, got)]++
		if d := digest(t, got); d != digest(t, a) && d != digest(t, b) {
			t.Fatalf("there is %s, neither old nor new", d)
		}
	}
	t.Logf("found after the kills: %v", seen)
	write(t, b, dir)
	holds(t, dir, b)
}
