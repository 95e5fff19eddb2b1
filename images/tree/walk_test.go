package tree_test

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func TestAllIsSortedWithParents(t *testing.T) {
	t.Parallel()
	own := dir("etc", nginx)
	own.Mode = fs.ModeDir | 0o700
	tr := build(t, file("usr/share/nginx/html/index.html", ours), file("etc/passwd", nginx), own, file("etc-x", ours))
	want := []struct {
		path   string
		mode   fs.FileMode
		origin tree.Origin
	}{
		{"etc", fs.ModeDir | 0o700, nginx},
		{"etc-x", 0o644, ours},
		{"etc/passwd", 0o644, nginx},
		{"usr", fs.ModeDir | 0o755, tree.Origin{}},
		{"usr/share", fs.ModeDir | 0o755, tree.Origin{}},
		{"usr/share/nginx", fs.ModeDir | 0o755, tree.Origin{}},
		{"usr/share/nginx/html", fs.ModeDir | 0o755, tree.Origin{}},
		{"usr/share/nginx/html/index.html", 0o644, ours},
	}
	got := slices.Collect(tr.All())
	if len(got) != len(want) {
		t.Fatalf("%d files, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if g := got[i]; g.Path != w.path || g.Mode != w.mode || g.Origin != w.origin {
			t.Errorf("file %d is %q %v %v, want %q %v %v", i, g.Path, g.Mode, g.Origin, w.path, w.mode, w.origin)
		}
		if l, ok := tr.Lookup(w.path); !ok || l.Mode != w.mode || l.Origin != w.origin {
			t.Errorf("Lookup(%q) = %v, %v", w.path, l, ok)
		}
	}
	for range tr.All() {
		break // must not go on after the caller stopped
	}
}

func TestLookupMisses(t *testing.T) {
	t.Parallel()
	tr := build(t, file("etc/passwd", nginx))
	for _, path := range []string{"", ".", "etc/", "/etc/passwd", "etc/pass", "passwd"} {
		if f, ok := tr.Lookup(path); ok {
			t.Errorf("Lookup(%q) found %v", path, f)
		}
	}
}

func TestSymlinkPermissionsAreNormal(t *testing.T) {
	t.Parallel()
	l := link("a", "../../etc/shadow", nginx)
	l.Mode = fs.ModeSymlink | fs.ModeSetuid | 0o600
	f, _ := build(t, l).Lookup("a")
	if f.Mode != fs.ModeSymlink|0o777 || f.Link != "../../etc/shadow" {
		t.Errorf("kept %v -> %q", f.Mode, f.Link)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	tr := build(t, file("12345", nginx), dir("d", nginx), link("l", "12345678", nginx), file("d/6", nginx))
	if got := tr.Size(); got != 8 {
		t.Errorf("Size() = %d, want 8", got)
	}
	if got := tree.New().Size(); got != 0 {
		t.Errorf("an empty tree has %d bytes", got)
	}
}
