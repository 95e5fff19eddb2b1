package source_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A picture is all there is to know of a directory, by path: of a file its
// permissions and content, of a symlink its target, of a directory "dir".
type picture map[string]string

// look takes a picture of dir. It fails the test where a file or directory has
// another time than the epoch, or a directory another mode than 0755.
func look(tb testing.TB, dir string) picture {
	tb.Helper()
	seen := picture{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if entry.Type() != fs.ModeSymlink && !info.ModTime().Equal(epoch) {
			tb.Errorf("%s is modified at %v, want %v", name, info.ModTime(), epoch)
		}
		switch entry.Type() {
		case fs.ModeSymlink:
			seen[name], err = os.Readlink(filepath.Join(dir, name))
			seen[name] = "-> " + seen[name]
		case fs.ModeDir:
			if info.Mode().Perm() != 0o755 {
				tb.Errorf("%s has mode %v, want 0755", name, info.Mode())
			}
			seen[name] = "dir"
		case 0:
			var data []byte
			data, err = fs.ReadFile(root, name)
			seen[name] = fmt.Sprintf("%o %s", info.Mode().Perm(), data)
		default:
			tb.Errorf("%s is a %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return seen
}

// build makes dir look like a picture.
func build(tb testing.TB, dir string, want picture) {
	tb.Helper()
	for name, what := range want {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		var err error
		mode, content, _ := strings.Cut(what, " ")
		switch mode {
		case "dir":
			err = os.MkdirAll(path, 0o755)
		case "->":
			err = os.Symlink(content, path)
		case "755":
			err = os.WriteFile(path, []byte(content), 0o755)
		default:
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	settle(tb, dir)
}

// settle sets all times below dir to the epoch.
func settle(tb testing.TB, dir string) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type() == fs.ModeSymlink {
			return err
		}
		return os.Chtimes(path, epoch, epoch)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// expect compares a directory with a picture.
func expect(tb testing.TB, dir string, want picture) {
	tb.Helper()
	if diff := cmp.Diff(want, look(tb, dir)); diff != "" {
		tb.Errorf("the directory differs (-want +got):\n%s", diff)
	}
}

// testDir is what a test's temporary directory has of the test's name.
var testDir = regexp.MustCompile(`/Test[^/]*/`)

// refused checks that err is an error that says all of want. Temporary paths
// count without the name of the test, which may say the same.
func refused(tb testing.TB, err error, want ...string) {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error, want one with %q", want)
	}
	message := testDir.ReplaceAllString(err.Error(), "/")
	for _, part := range want {
		if !strings.Contains(message, testDir.ReplaceAllString(part, "/")) {
			tb.Errorf("error %q, want one with %q", err, part)
		}
	}
}
