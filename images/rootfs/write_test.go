package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// TestAgain adds what is there already: the first stays.
func TestAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files []tree.File
		want  string
	}{
		"same file":               {[]tree.File{file("a", "x"), from("b", file("a", "x"))}, "a -rw-r--r-- x"},
		"same content, otherwise": {[]tree.File{file("a", "x"), from("b", typed("a", 0o755, "x"))}, "a -rw-r--r-- x"},
		"same empty file":         {[]tree.File{file("a", ""), from("b", file("a", ""))}, "a -rw-r--r-- "},
		"same link":               {[]tree.File{link("a", "b"), from("b", link("a", "b"))}, "a Lrwxrwxrwx b"},
		"same folder":             {[]tree.File{folder("a", 0o755), from("b", folder("a", 0o755))}, "a drwxr-xr-x"},
		"folder, other mode":      {[]tree.File{folder("a", 0o750), from("b", folder("a", 0o755))}, "a drwxr-x---"},
		"folder after its file":   {[]tree.File{file("a/b", ""), folder("a", 0o700)}, "a drwx------"},
		"folder for the sandbox":  {[]tree.File{folder("build", 0o700)}, "build drwx------"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := listing(t, newKit(t.TempDir()).fill(t, test.files...))
			if !slices.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestRefuses has what cannot be in a root, or not beside what is there. Every
// error names the file, and the other one.
func TestRefuses(t *testing.T) {
	t.Parallel()
	const first, second = `(one from "`, `(two from "`
	for name, test := range map[string]struct {
		one, two tree.File
		want     []string
	}{
		"other content":       {file("a", "x"), file("a", "y"), []string{"the path is taken by", first}},
		"shorter content":     {file("a", "x"), file("a", ""), []string{"the path is taken by", first}},
		"other target":        {link("a", "b"), link("a", "c"), []string{"the path is taken by", first}},
		"link over file":      {file("a", "b"), link("a", "b"), []string{"the path is taken by", first}},
		"file over link":      {link("a", "b"), file("a", "b"), []string{"the path is taken by", first}},
		"empty file, link":    {file("a", ""), link("a", "b"), []string{"the path is taken by", first}},
		"file over folder":    {folder("a", 0o755), file("a", ""), []string{"the path is taken by", first}},
		"folder over file":    {file("a", ""), folder("a", 0o755), []string{"the path is taken by", first}},
		"folder over link":    {link("a", "/etc"), folder("a", 0o755), []string{"the path is taken by", first}},
		"below a link":        {link("a", "/etc"), file("a/passwd", ""), []string{"its parent is no directory but", first}},
		"below a link inside": {link("a", "b"), file("a/c/d", ""), []string{"its parent is no directory but", first}},
		"below a file":        {file("a", ""), file("a/b", ""), []string{"its parent is no directory but", first}},
		"link over parent":    {file("a/b", ""), link("a", "/etc"), []string{"it must be a directory", first}},
		"absolute":            {folder("a", 0o755), file("/etc/passwd", ""), []string{"the path must be relative"}},
		"up":                  {folder("a", 0o755), file("a/../../b", ""), []string{"the path must be relative"}},
		"the root":            {folder("a", 0o755), folder(".", 0o755), []string{"the path must be relative"}},
		"empty path":          {folder("a", 0o755), file("", ""), []string{"the path must be relative"}},
		"NUL":                 {folder("a", 0o755), file("a\x00b", ""), []string{"the path must be relative"}},
		"not UTF-8":           {folder("a", 0o755), file("\xff", ""), []string{"the path must be relative"}},
		"device":              {folder("a", 0o755), typed("d", fs.ModeDevice|0o666, ""), []string{"only regular files, directories and symlinks"}},
		"pipe":                {folder("a", 0o755), typed("p", fs.ModeNamedPipe|0o666, ""), []string{"only regular files, directories and symlinks"}},
		"folder with content": {folder("a", 0o755), typed("d", fs.ModeDir|0o755, "x"), []string{"only a regular file can have content"}},
		"link to nowhere":     {folder("a", 0o755), link("l", ""), []string{"symlink target"}},
		"long name":           {folder("a", 0o755), file(strings.Repeat("n", 256), ""), []string{"file name too long", "(two)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t.TempDir())
			_, err := k.Root(t.Context(), "key", adds(from("one", test.one), from("two", test.two)))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant %s", err, want)
				}
			}
			if !strings.Contains(err.Error(), second) && !strings.Contains(err.Error(), "(two)") {
				t.Errorf("got %v, which does not name the second file", err)
			}
			k.clean(t)
		})
	}
}

// TestCovered has a base that brings something else where the sandbox mounts.
func TestCovered(t *testing.T) {
	t.Parallel()
	for _, name := range covered {
		_, err := newKit(t.TempDir()).Root(t.Context(), "key", adds(link(name, "/etc")))
		if want := `(the sandbox from "` + name + `"): the path is taken by Lrwxrwxrwx "` + name + `" (pkg from`; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestOutside has links that lead out of the root, put there behind the back
// of the writer: what is written stays inside or fails.
func TestOutside(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	for name, files := range map[string][]tree.File{
		"file":   {file("link/file", "")},
		"link":   {link("link/file", "x")},
		"folder": {folder("link/file", 0o755)},
	} {
		k := newKit(t.TempDir())
		_, err := k.Root(t.Context(), "key", func(add func(tree.File) error) error {
			err := errors.Join(add(folder("link", 0o755)), os.Remove(filepath.Join(k.Dir, "key.tmp/root/link")),
				os.Symlink(outside, filepath.Join(k.Dir, "key.tmp/root/link")))
			if err != nil {
				t.Error(err)
			}
			return adds(files...)(add)
		})
		if err == nil || !strings.Contains(err.Error(), "path escapes from parent") {
			t.Errorf("%s: got %v", name, err)
		}
		k.clean(t)
	}
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil {
		t.Errorf("written outside: %v, %v", left, err)
	}
}
