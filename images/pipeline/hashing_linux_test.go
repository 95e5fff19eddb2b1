package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/digest"
)

// later is when a file that a test has written is old enough to be remembered.
func later() time.Time { return time.Now().Add(time.Minute) }

// What has not changed is not read again, but by a second build.
func TestHashing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, kept := filepath.Join(dir, "cc1"), filepath.Join(dir, "cache", memoryFile)
	if err := os.WriteFile(path, []byte("a compiler"), 0o600); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{cacheVariable: filepath.Dir(kept), anewVariable: "1"}
	b := &builder{Options: Options{
		Env: Environment{Getenv: func(name string) string { return variables[name] }},
		Now: later,
	}}
	hash := func() string {
		t.Helper()
		h, remember, err := b.hashing()
		if err != nil {
			t.Fatal(err)
		}
		sum, err := h(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := remember(); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	want, err := digest.File(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := hash(); got != want {
		t.Errorf("%s by a second build, want %s", got, want)
	}
	if _, err := os.Stat(kept); err == nil {
		t.Error("a second build remembers")
	}
	delete(variables, anewVariable)
	if got := hash(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	data, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	lie := strings.Repeat("0", len(want))
	if err := os.WriteFile(kept, []byte(strings.ReplaceAll(string(data), want, lie)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := hash(); got != lie {
		t.Errorf("%s: it was read again", got)
	}
	variables[anewVariable] = "1"
	if got := hash(); got != want {
		t.Errorf("%s: a second build believes what is remembered", got)
	}
	delete(variables, anewVariable)
	variables[cacheVariable] = "relative"
	if _, _, err := b.hashing(); err == nil {
		t.Error("a relative folder is no error")
	}
}
