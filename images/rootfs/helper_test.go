package rootfs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func file(path, data string) tree.File { return typed(path, 0o644, data) }

func typed(path string, mode fs.FileMode, data string) tree.File {
	return tree.File{Path: path, Mode: mode, Data: []byte(data), Origin: tree.Origin{Component: "pkg", Path: path}}
}

func link(path, target string) tree.File {
	return tree.File{Path: path, Mode: fs.ModeSymlink | 0o777, Link: target, Origin: tree.Origin{Component: "pkg", Path: path}}
}

func folder(path string, mode fs.FileMode) tree.File { return typed(path, fs.ModeDir|mode, "") }

// from is f as another package brings it.
func from(component string, f tree.File) tree.File {
	f.Origin.Component = component
	return f
}

// sample is a small base.
func sample() []tree.File {
	return []tree.File{
		typed("bin/busybox", 0o755, "#!busybox\n"), link("bin/sh", "/bin/busybox"), folder("bin", 0o755),
		file("usr/lib/libc.a", strings.Repeat("!<arch>\n", 5000)), link("usr/lib/libc.so", "libc.a"),
		file("empty", ""), folder("var/empty", 0o555), folder("tmp", fs.ModeSticky|0o777),
	}
}

// adds is a fill that adds these files.
func adds(files ...tree.File) func(func(tree.File) error) error {
	return func(add func(tree.File) error) error {
		for _, f := range files {
			if err := add(f); err != nil {
				return err
			}
		}
		return nil
	}
}

// never is the fill of a root that is there.
func never(tb testing.TB) func(func(tree.File) error) error {
	tb.Helper()
	return func(func(tree.File) error) error {
		tb.Error("filled again")
		return errors.New("filled again")
	}
}

// kit is a Cache and what it said.
type kit struct {
	Cache
	notes *notes
}

func newKit(dir string) kit {
	n := &notes{}
	now := func() time.Time { return time.Unix(0, 0) }
	return kit{Cache{Dir: filepath.Join(dir, "roots"), Progress: progress.New(n, false, now)}, n}
}

// fill makes the root "key" and returns its folder.
func (k kit) fill(tb testing.TB, files ...tree.File) string {
	tb.Helper()
	root, err := k.Root(tb.Context(), "key", adds(files...))
	if err != nil {
		tb.Fatal(err)
	}
	return root
}

// clean checks what is in the cache, locks apart.
func (k kit) clean(tb testing.TB, want ...string) {
	tb.Helper()
	left, err := os.ReadDir(k.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	var got []string
	for _, e := range left {
		if !strings.HasSuffix(e.Name(), ".lock") {
			got = append(got, e.Name())
		}
	}
	if !slices.Equal(got, want) {
		tb.Errorf("the cache has %q, want %q", got, want)
	}
}

// listing is every file of a folder: path, mode and content or target.
func listing(tb testing.TB, dir string) []string {
	tb.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := strings.TrimPrefix(path, dir+"/") + " " + info.Mode().String()
		switch info.Mode().Type() {
		case 0:
			data, err := os.ReadFile(path)
			list = append(list, line+" "+string(data))
			return err
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			list = append(list, line+" "+target)
			return err
		}
		list = append(list, line)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// notes is what a cache says; several goroutines may write it.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}
