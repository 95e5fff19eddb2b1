package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

// FuzzApply applies any patch to a tree with any file: a refused patch leaves
// it as it was, another changes it, and neither touches anything outside or
// leaves a temporary file.
func FuzzApply(f *testing.F) {
	for _, test := range applies {
		f.Add(test.patch, "one\ntwo\n")
	}
	f.Add("--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n a\n+b\n c\n@@ -9 +10 @@\n-d\n+e\n", "x\na\nc\n\nd\n")
	f.Add("--- a/../outside\n+++ b/../outside\n@@ -1 +1 @@\n-1\n+2\n", "")
	f.Add("--- a/src/way/er/one\n+++ b/src/way/er/one\n@@ -1 +1 @@\n-1\n+2\n", "")
	f.Fuzz(func(t *testing.T, text, content string) {
		parent := t.TempDir()
		build(t, parent, picture{"outside": "644 1\n"})
		out := filepath.Join(parent, "out")
		before := with("f", "644 "+content)
		build(t, out, before)
		root, err := os.OpenRoot(out)
		if err != nil {
			t.Fatal(err)
		}
		failure := patch("fuzz", text).Apply(root, epoch)
		if err := root.Close(); err != nil {
			t.Fatal(err)
		}
		expectOutside(t, parent)
		after := look(t, out)
		if changed := !cmp.Equal(before, after); changed == (failure != nil) {
			t.Errorf("changed: %v, with the error %v", changed, failure)
		}
		for name := range after {
			if strings.HasPrefix(filepath.Base(name), ".patched-") && !strings.Contains(text, ".patched-") {
				t.Errorf("%s is left", name)
			}
		}
	})
}

func expectOutside(t *testing.T, parent string) {
	t.Helper()
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 2 {
		t.Errorf("outside are %v (%v)", entries, err)
	}
	if data, err := os.ReadFile(filepath.Join(parent, "outside")); err != nil || string(data) != "1\n" {
		t.Errorf("outside is %q (%v)", data, err)
	}
}

// FuzzUnpack unpacks any tar archive: all of it, with the modes, times and
// links that Unpack promises, or nothing.
func FuzzUnpack(f *testing.F) {
	f.Add(good(f))
	f.Add(sparseFile("p/sparse", 1<<40))
	f.Add(tarball(f, file("p/../x"), symlink("p/s", "../.."), hardlink("p/h", "/etc/passwd")))
	f.Fuzz(func(t *testing.T, archive []byte) {
		parent := t.TempDir()
		build(t, parent, picture{"outside": "644 1\n"})
		out := filepath.Join(parent, "out")
		build(t, out, picture{".": "dir"})
		err := source.Unpack(t.Context(), save(t, gz(t, archive)), out, epoch, limits)
		expectOutside(t, parent)
		seen := look(t, out)
		if err != nil {
			if len(seen) > 0 {
				t.Errorf("%v is left after the error %v", seen, err)
			}
			return
		}
		stayInside(t, out, seen)
	})
}

// stayInside follows all links.
func stayInside(t *testing.T, dir string, seen picture) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name := range seen {
		_, err := root.Stat(name) // fails for links that lead out
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "too many") && !strings.Contains(err.Error(), "not a directory") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := root.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzReadSeries reads any series file beside a patch, and any tar archive.
func FuzzReadSeries(f *testing.F) {
	f.Add("# x\na.patch -p1 # y\n\n", []byte{})
	f.Add("../a\n/b\nc c\nd -p0", contents(f, "debian/patches/series", "x", "debian/patches/x", "y"))
	f.Add("", xzip(f, contents(f, "debian/patches/series", "x", "debian/patches/x", "y")))
	f.Fuzz(func(t *testing.T, list string, archive []byte) {
		listing := contents(t, "debian/patches/a.patch", "A", "debian/patches/series", list)
		for _, data := range [][]byte{gz(t, listing), gz(t, archive), archive} {
			series, err := source.ReadSeries(t.Context(), save(t, data), limits)
			if err != nil && series.Patches != nil {
				t.Errorf("got patches with the error %v", err)
			}
			seen := map[string]bool{}
			for _, p := range series.Patches {
				if want := patch(p.Name, string(p.Data)); want.SHA256 != p.SHA256 || !fs.ValidPath(p.Name) || seen[p.Name] {
					t.Errorf("patch %q (seen %v) has hash %s, want %s", p.Name, seen[p.Name], p.SHA256, want.SHA256)
				}
				seen[p.Name] = true
			}
		}
	})
}
