package source_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

func TestUnpackRefusesEntries(t *testing.T) {
	t.Parallel()
	special := func(kind byte) []*tar.Header {
		return []*tar.Header{{Typeflag: kind, Name: "p/special"}}
	}
	for name, test := range map[string]struct {
		entries []*tar.Header
		want    []string
	}{
		"absolute path":          {[]*tar.Header{file("/etc/passwd")}, []string{`"/etc/passwd"`, "absolute"}},
		"absolute directory":     {[]*tar.Header{dir("/")}, []string{`entry "/"`, "absolute"}},
		"parent path":            {[]*tar.Header{file("p/../../x")}, []string{`"p/../../x"`, `".."`}},
		"harmless parent path":   {[]*tar.Header{file("p/a/../x")}, []string{`".."`}},
		"parent only":            {[]*tar.Header{dir("..")}, []string{`entry "..`, `".."`}},
		"long element":           {[]*tar.Header{file("p/" + strings.Repeat("n", 256))}, []string{"nnn", "longer than"}},
		"long path":              {[]*tar.Header{file(strings.Repeat("dir/", 256) + "x")}, []string{"dir/dir/", "longer than"}},
		"control characters":     {[]*tar.Header{file("/\x1b[31m")}, []string{`"/\x1b[31m"`}},
		"not UTF-8":              {[]*tar.Header{file("p/\xff")}, []string{`"p/\xff"`, "not UTF-8"}},
		"duplicate file":         {[]*tar.Header{file("p/x"), file("p/y"), file("p/./x")}, []string{`"p/./x"`, "twice"}},
		"duplicate directory":    {[]*tar.Header{dir("p/d/"), dir("p/d")}, []string{`"p/d`, "twice"}},
		"file after directory":   {[]*tar.Header{file("p/d/x"), file("p/d")}, []string{`"p/d"`, "file exists"}},
		"file below file":        {[]*tar.Header{file("p/f"), file("p/f/x")}, []string{`"p/f/x"`, "file exists"}},
		"directory after file":   {[]*tar.Header{file("p/d/x"), dir("p/d/x/y")}, []string{`"p/d/x/y"`, "file exists"}},
		"second top level":       {[]*tar.Header{file("p/x"), file("q/x")}, []string{`"q/x"`, `"p"`, "single top-level"}},
		"file at top":            {[]*tar.Header{file("x")}, []string{`"x"`, "single top-level"}},
		"file named as top":      {[]*tar.Header{file("p/x"), file("p")}, []string{`entry "p"`, "single top-level"}},
		"character device":       {special(tar.TypeChar), []string{`"p/special"`, "'3'"}},
		"block device":           {special(tar.TypeBlock), []string{`"p/special"`, "'4'"}},
		"fifo":                   {special(tar.TypeFifo), []string{`"p/special"`, "'6'"}},
		"contiguous file":        {special(tar.TypeCont), []string{`"p/special"`, "'7'"}},
		"nothing":                {nil, []string{"empty"}},
		"nothing but a root":     {[]*tar.Header{dir("./")}, []string{"empty"}},
		"through a symlink":      {[]*tar.Header{dir("p/d"), symlink("p/s", "d"), file("p/s/x")}, []string{`"p/s/x"`, "file exists"}},
		"over a symlink":         {[]*tar.Header{symlink("p/s", "x"), file("p/s")}, []string{`"p/s"`, "twice"}},
		"symlink absolute":       {[]*tar.Header{symlink("p/s", "/etc")}, []string{`"p/s"`, `"/etc"`, "relative"}},
		"symlink empty":          {[]*tar.Header{symlink("p/s", "")}, []string{`"p/s"`, "relative"}},
		"symlink outside":        {[]*tar.Header{symlink("p/a/s", "../../x")}, []string{`"p/a/s"`, `"../../x"`, "outside"}},
		"symlink to parent":      {[]*tar.Header{symlink("p/s", "..")}, []string{`"p/s"`, "outside"}},
		"symlink down and up":    {[]*tar.Header{symlink("p/d/r", ".."), symlink("p/s", "d/r/../..")}, []string{`"p/s"`, "only at its beginning"}},
		"symlink overlong":       {[]*tar.Header{symlink("p/s", strings.Repeat("a/", 600))}, []string{`"p/s"`, "at most 1024"}},
		"hard link absolute":     {[]*tar.Header{hardlink("p/h", "/etc/passwd")}, []string{`"p/h"`, `"/etc/passwd"`, "absolute"}},
		"hard link outside":      {[]*tar.Header{hardlink("p/h", "p/../../x")}, []string{`"p/h"`, `".."`}},
		"hard link other top":    {[]*tar.Header{file("p/x"), hardlink("p/h", "q/x")}, []string{`"p/h"`, `"q/x"`, "outside"}},
		"hard link to top":       {[]*tar.Header{file("p/x"), hardlink("p/h", "p")}, []string{`"p/h"`, "outside"}},
		"hard link to nothing":   {[]*tar.Header{hardlink("p/h", "p/x"), file("p/x")}, []string{`"p/h"`, "no such file"}},
		"hard link to symlink":   {[]*tar.Header{symlink("p/s", "x"), hardlink("p/h", "p/s")}, []string{`"p/h"`, "no file"}},
		"hard link to directory": {[]*tar.Header{dir("p/d"), hardlink("p/h", "p/d")}, []string{`"p/h"`, "no file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, gz(t, tarball(t, test.entries...)), limits, test.want...)
		})
	}
}

// refuses checks that an archive is refused with an error that names it, and
// that nothing of it is left, inside or outside the directory.
func refuses(t *testing.T, archive []byte, limits source.Limits, want ...string) {
	t.Helper()
	parent, path := t.TempDir(), save(t, archive)
	out := filepath.Join(parent, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	refused(t, source.Unpack(t.Context(), path, out, epoch, limits), append(want, "unpacking "+path)...)
	settle(t, parent)
	expect(t, parent, picture{"out": "dir"})
}

func TestUnpackRefusesDamage(t *testing.T) {
	t.Parallel()
	plain := good(t)
	blocks := xzip(t, plain, xz.WriterConfig{BlockSize: 4096})
	for name, packed := range map[string][]byte{"gzip": gz(t, plain), "xz": xzip(t, plain), "xz in blocks": blocks} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			for n := range packed {
				archive := save(t, packed[:n])
				if err := source.Unpack(t.Context(), archive, out, epoch, limits); err == nil {
					t.Fatalf("no error for the first %d of %d bytes", n, len(packed))
				}
			}
			expect(t, out, picture{})
		})
	}
	for n := 512; n < len(plain); n += 512 { // cut where a block ends, then compressed
		refuses(t, gz(t, plain[:n]), limits)
	}
	flipped := gz(t, plain)
	flipped[len(flipped)-6]++
	refuses(t, flipped, limits, "checksum")
	refuses(t, append(gz(t, plain), "junk that is no gzip"...), limits, "reading the end")
	refuses(t, plain, limits, "begins with", "only gzip and xz")
	refuses(t, nil, limits, "only gzip and xz")
}
