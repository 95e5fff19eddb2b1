package pipeline

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// What the cache has is not compressed again, but by a second build, and what cannot be
// kept is said.
func TestCompressor(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("the content of a program, "), 100)
	want := deflate.Append(nil, content)
	variables := map[string]string{cacheVariable: filepath.Join(t.TempDir(), "cache")}
	var said strings.Builder
	b := &builder{
		Options: Options{Env: Environment{Getenv: func(name string) string { return variables[name] }}},
		out:     progress.New(&said, false, time.Now),
	}
	kept := func() []string {
		found, err := filepath.Glob(filepath.Join(variables[cacheVariable], segmentsFolder, "*-*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	compress := func() {
		t.Helper()
		how, err := b.compressor()
		if err != nil {
			t.Fatal(err)
		}
		if got := how(nil, content); !bytes.Equal(got, want) {
			t.Errorf("%d bytes, want %d", len(got), len(want))
		}
	}
	variables[anewVariable] = "1"
	compress()
	if len(kept()) != 0 {
		t.Errorf("a second build keeps %q", kept())
	}
	delete(variables, anewVariable)
	compress()
	compress()
	if len(kept()) != 1 || said.Len() > 0 {
		t.Errorf("%q is kept, want one; said %q", kept(), said.String())
	}

	// Another packer's, which the cache may have as well, is what a second build must not take.
	stored := append([]byte{0, byte(len(content)), byte(len(content) >> 8), ^byte(len(content)), ^byte(len(content) >> 8)}, content...)
	if err := os.WriteFile(kept()[0], stored, 0o600); err != nil {
		t.Fatal(err)
	}
	anew := want
	want = stored
	compress()
	want, variables[anewVariable] = anew, "1"
	compress()
	delete(variables, anewVariable)

	variables[cacheVariable] = kept()[0] // below which there is nothing
	compress()
	if got := said.String(); !strings.HasPrefix(got, "keeping a compressed segment: ") || !strings.Contains(got, "again") {
		t.Errorf("said %q", got)
	}
	variables[cacheVariable] = "relative"
	if _, err := b.compressor(); err == nil {
		t.Error("a relative folder is no error")
	}
}
