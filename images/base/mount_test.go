package base_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

// folder makes one with a file in it.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// unique is a name that nothing else on the machine has.
func unique(t *testing.T) string {
	t.Helper()
	return filepath.Base(filepath.Dir(t.TempDir()))
}

func TestMounts(t *testing.T) {
	t.Parallel()
	dir, other := folder(t), folder(t)
	c := onSystem(t, "try", "write")
	c.Mounts = append(c.Mounts,
		base.Mount{Source: dir, Target: "/build/src/a", Writable: true},
		base.Mount{Source: other, Target: "/build/out"},
		base.Mount{Source: filepath.Join(other, "file"), Target: "/build/one/file"},
		base.Mount{Source: filepath.Join(dir, "file"), Target: "/tmp/file", Writable: true},
		base.Mount{Source: "/dev", Target: "/machine/dev"},
	)
	name := "/" + unique(t)
	t.Cleanup(func() { os.Remove("/dev/shm" + name) })
	const no = "read-only file system"
	want(t, c, map[string]string{
		"/build/src/a/new": "<nil>", "/build/out/new": no, "/build/out/file": no, "/build/one/file": no, "/build/new": no,
		"/tmp/file": "<nil>", "/machine/dev" + name: no, "/machine/dev/shm" + name: no, // a mount below that mount
	})
	for name, want := range map[string]string{"new": "written\n", "file": "written\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != want || err != nil {
			t.Errorf("%s has %q, %v, want %q", name, got, err, want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(other, "file")); string(got) != "old\n" || err != nil {
		t.Errorf("the read-only file has %q, %v", got, err)
	}
}

func TestMountsInRoot(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	c := inRoot(t, []string{"tmp/hidden", "data"}, "try", "write")
	c.Mounts = []base.Mount{{Source: dir, Target: "/data", Writable: true}, {Source: dir, Target: "/dev/shm/deep/data"}}
	const no = "read-only file system"
	want(t, c, map[string]string{
		"/new": no, "/bin/new": no, "/data/new": "<nil>", "/dev/shm/deep/data/new": no,
		"/tmp/new": "<nil>", "/tmp/hidden/new": "no such file or directory",
	})
	if _, err := os.Stat(filepath.Join(c.Root, "tmp/new")); err == nil {
		t.Error("what was written to /tmp is in the root folder")
	}
}

// TestBuildInRoot has a root that is read-only but for what is mounted below
// its folder build, where targets can be made.
func TestBuildInRoot(t *testing.T) {
	t.Parallel()
	source, out := folder(t), folder(t)
	c := inRoot(t, []string{"build/hidden"}, "try", "write")
	c.Mounts = []base.Mount{
		{Source: source, Target: "/build/src/musl", Writable: true}, {Source: out, Target: "/build/out/musl"},
		{Source: filepath.Join(source, "file"), Target: "/build/one/file", Writable: true},
	}
	const no = "read-only file system"
	want(t, c, map[string]string{
		"/new": no, "/build/new": no, "/build/src/new": no, "/build/src/musl/new": "<nil>", "/build/out/musl/new": no,
		"/build/one/file": "<nil>", "/build/one/new": no, "/build/hidden/new": "no such file or directory",
	})
	for _, name := range []string{"build/src", "build/new"} {
		if _, err := os.Stat(filepath.Join(c.Root, name)); err == nil {
			t.Errorf("%s is in the root folder", name)
		}
	}

	// A mount over all of it is what the caller says it is.
	c = inRoot(t, []string{"build"}, "try", "write")
	c.Mounts = []base.Mount{{Source: source, Target: "/build", Writable: true}}
	want(t, c, map[string]string{"/build/again": "<nil>", "/new": no})
}

// TestRootLinks follows a link of a root, which must not lead to the machine.
func TestRootLinks(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	c := inRoot(t, nil, "try", "write")
	for name, target := range map[string]string{"data": outside, "tmp": "/usr", "build": outside} {
		if err := os.Symlink(target, filepath.Join(c.Root, name)); err != nil {
			t.Fatal(err)
		}
	}
	want(t, c, map[string]string{"/tmp/new": "no such file or directory"})
	for _, target := range []string{"/data/deep", "/build/deep"} {
		c.Mounts = []base.Mount{{Source: folder(t), Target: target}}
		if _, err := run(t, c); err == nil || !strings.Contains(err.Error(), "at "+target+": ") {
			t.Errorf("got %v", err)
		}
	}
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil {
		t.Errorf("made %v, %v outside the root", left, err)
	}
}
