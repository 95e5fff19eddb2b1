package tree_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// The umask belongs to the whole process: this test does not run in parallel.
func TestWriteToIsExact(t *testing.T) { //nolint:paralleltest // sets the umask
	defer syscall.Umask(syscall.Umask(0o277))
	with := func(f tree.File, mode fs.FileMode) tree.File {
		f.Mode = mode
		return f
	}
	tr := build(t,
		with(dir("locked", ours), fs.ModeDir|0o500), file("locked/deep/file", ours),
		with(dir("tmp", ours), fs.ModeDir|fs.ModeSticky|0o777),
		with(file("bin/su", nginx), fs.ModeSetuid|fs.ModeSetgid|0o755),
		with(file("open", nginx), 0o666), with(file("secret", nginx), 0o400),
		link("abs", "/etc/passwd", nginx), link("up", "../../..", nginx),
	)
	out := t.TempDir()
	if err := os.Chmod(out, 0o700); err != nil { // made under the umask above
		t.Fatal(err)
	}
	if err := tr.WriteTo(out); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(out, "locked"), 0o700) })
	for f := range tr.All() {
		path := filepath.Join(out, f.Path)
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != f.Mode {
			t.Errorf("%s has mode %v, want %v", f.Path, info.Mode(), f.Mode)
		}
		switch f.Mode.Type() {
		case fs.ModeSymlink:
			if got, err := os.Readlink(path); err != nil || got != f.Link {
				t.Errorf("%s points to %q (%v), want %q", f.Path, got, err, f.Link)
			}
		case 0:
			if got, err := os.ReadFile(path); err != nil || string(got) != string(f.Data) {
				t.Errorf("%s holds %q (%v), want %q", f.Path, got, err, f.Data)
			}
		}
	}
}

func TestWriteToRefuses(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ dir, want string }{
		"missing":   {filepath.Join(full, "no"), "no such file"},
		"not empty": {full, "is not empty"},
		"a file":    {filepath.Join(full, "mine"), "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := build(t, file("a", nginx)).WriteTo(tc.dir)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(full, "mine")); err != nil {
		t.Error("what was there is gone:", err)
	}
}

func TestWriteToLeavesNothingOnError(t *testing.T) {
	t.Parallel()
	tooLong := strings.Repeat("x", 300) // longer than any file system's NAME_MAX
	out := t.TempDir()
	err := build(t, file("a/b", nginx), link("l", "a", nginx), file("z/"+tooLong, ours)).WriteTo(out)
	if err == nil || !strings.Contains(err.Error(), `nginx-scratch from "conf/nginx"`) {
		t.Errorf("got %v, want an error that names the origin", err)
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}
