package source_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

// patch is what ReadSeries makes of a file.
func patch(name, data string) source.Patch {
	sum := sha256.Sum256([]byte(data))
	return source.Patch{Name: name, SHA256: hex.EncodeToString(sum[:]), Data: []byte(data)}
}

func TestReadSeries(t *testing.T) {
	t.Parallel()
	list := "# first things first\n\nb.patch\n  a.patch -p1  # why\n\t#c.patch\r\nsub/x#1.patch"
	tarred := contents(t,
		"debian/control", "Source: x",
		"debian/patches/a.patch", "A", "debian/patches/b.patch", "B", "debian/patches/c.patch", "C",
		"debian/patches/sub/x#1.patch", "", "debian/patches/series", list)
	want := []source.Patch{patch("b.patch", "B"), patch("a.patch", "A"), patch("sub/x#1.patch", "")}
	diff := "--- p.orig/x\n+++ p/x\n@@ -1 +1 @@\n-a\n+b\n"
	for name, test := range map[string]struct {
		archive []byte
		want    []source.Patch
	}{
		"xz":         {xzip(t, tarred), want},
		"gzip":       {gz(t, tarred), want},
		"no patches": {xzip(t, contents(t, "debian/patches/series", "# none\n")), nil},
		"format 1.0": {gz(t, []byte(diff)), []source.Patch{patch("debian-changes", diff)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := source.ReadSeries(t.Context(), save(t, test.archive), limits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Patches, cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" {
				t.Errorf("the series differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadSeriesRefuses(t *testing.T) {
	t.Parallel()
	listing := func(list string) []byte {
		return xzip(t, contents(t, "debian/patches/a.patch", "A", "debian/patches/series", list))
	}
	link := symlink("debian/patches/l.patch", "/etc/passwd")
	linked := tarball(t, link)[:512]
	large := strings.Repeat("--- x\n", 1<<18)
	for name, test := range map[string]struct {
		archive []byte
		want    []string
	}{
		"no series file":   {xzip(t, contents(t, "debian/control", "x")), []string{"no file debian/patches/series"}},
		"missing patch":    {listing("a.patch\nb.patch\n"), []string{`lists "b.patch"`, "no such file"}},
		"symlink as patch": {xzip(t, slices.Concat(linked, contents(t, "debian/patches/series", "l.patch"))), []string{`lists "l.patch"`}},
		"listed twice":     {listing("a.patch\na.patch\n"), []string{"line 2", `"a.patch"`, "twice"}},
		"other strip":      {listing("\na.patch -p0\n"), []string{"line 2", `"a.patch -p0"`, "only -p1"}},
		"reversed":         {listing("a.patch -p1 -R"), []string{"line 1", "only -p1"}},
		"path upwards":     {listing("../control"), []string{"line 1", `"../control"`}},
		"absolute path":    {listing("/etc/passwd"), []string{"line 1", `"/etc/passwd"`}},
		"directory":        {listing("sub/"), []string{"line 1", `"sub/"`}},
		"hostile entry":    {xzip(t, tarball(t, file("debian/patches/../x"))), []string{`"debian/patches/../x"`, `".."`}},
		"duplicate entry":  {xzip(t, tarball(t, file("debian/patches/x"), file("debian/patches/x"))), []string{"twice"}},
		"bomb":             {xzip(t, contents(t, "debian/patches/a.patch", strings.Repeat("a", 1<<20))), []string{`"debian/patches/a.patch"`, "more than"}},
		"bomb of a diff":   {gz(t, []byte(large)), []string{"more than the 1048576 bytes"}},
		"truncated":        {listing("a.patch")[:100], []string{"truncated"}},
		"no archive":       {[]byte("a.patch\n"), []string{"only gzip and xz"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := save(t, test.archive)
			series, err := source.ReadSeries(t.Context(), path, limits)
			refused(t, err, append(test.want, path)...)
			if series.Patches != nil {
				t.Errorf("got %d patches with the error", len(series.Patches))
			}
		})
	}
}
