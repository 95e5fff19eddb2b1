package images_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// edit is one change to a good file, and what has to be said of the result.
type edit struct {
	name     string
	old, new string // old must be in the file exactly once
	want     string // the whole message, or if it ends in ... how it begins
}

// edited returns the file of testdata after the edit.
func edited(t *testing.T, file string, e edit) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if n := strings.Count(text, e.old); e.old != "" && n != 1 {
		t.Fatalf("%q is in %s %d times", e.old, file, n)
	}
	return strings.Replace(text, e.old, e.new, 1)
}

func expect(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was accepted")
	}
	begin, more := strings.CutSuffix(want, "...")
	if got := err.Error(); got != want && (!more || !strings.HasPrefix(got, begin)) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func loadDefinition(text string) (images.Definition, error) {
	return images.LoadDefinition(fstest.MapFS{"small.yaml": {Data: []byte(text)}}, "small.yaml")
}

func loadLock(text string, d images.Definition) (images.Lock, error) {
	return images.LoadLock(fstest.MapFS{"small.lock.json": {Data: []byte(text)}}, "small.lock.json", d)
}

// small is the definition of testdata after the edit.
func small(t *testing.T, e edit) images.Definition {
	t.Helper()
	d, err := loadDefinition(edited(t, "small.yaml", e))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
