package rootfs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func TestRoot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := newKit(dir)
	root := k.fill(t,
		typed("usr/bin/gcc", 0o755, "gcc"), link("usr/bin/cc", "gcc"), file("etc/passwd", "root\n"),
		typed("bin/bbsuid", os.ModeSetuid|os.ModeSetgid|0o111, "suid"), typed("etc/shadow", 0o640, ""), typed("secret", 0, "s"),
		link("out", "../../../.."), link("etc/mtab", "/proc/mounts"),
		folder("var/empty", 0o555), folder("var/tmp", os.ModeSticky|0o777), folder("root", 0o700), folder("closed", 0), file("closed/file", "in it"),
	)
	if want := filepath.Join(dir, "roots/key/root"); root != want {
		t.Errorf("the root is %s, want %s", root, want)
	}
	want := []string{
		"bin drwxr-xr-x", "bin/bbsuid -r-x--x--x suid", "build drwxr-xr-x", "closed drwx------", "closed/file -rw-r--r-- in it",
		"dev drwxr-xr-x", "etc drwxr-xr-x", "etc/mtab Lrwxrwxrwx /proc/mounts", "etc/passwd -rw-r--r-- root\n", "etc/shadow -rw-r----- ",
		"out Lrwxrwxrwx ../../../..", "proc drwxr-xr-x", "root drwx------", "secret -r-------- s", "tmp drwxr-xr-x",
		"usr drwxr-xr-x", "usr/bin drwxr-xr-x", "usr/bin/cc Lrwxrwxrwx gcc", "usr/bin/gcc -rwxr-xr-x gcc",
		"var drwxr-xr-x", "var/empty drwxr-xr-x", "var/tmp drwxr-xr-x",
	}
	if diff := cmp.Diff(want, listing(t, root)); diff != "" {
		t.Errorf("the root (-want +got):\n%s", diff)
	}
	if want := "unpacking the base\nunpacking the base: done in 0s\n"; k.notes.String() != want {
		t.Errorf("it said %q, want %q", k.notes, want)
	}
	k.clean(t, "key")

	again := newKit(dir)
	if got, err := again.Root(t.Context(), "key", never(t)); got != root || err != nil {
		t.Errorf("again: %s, %v", got, err)
	}
	if again.notes.String() != "" {
		t.Errorf("again it said %q", again.notes)
	}
}

// TestUmask has a umask that would leave folders to their owner alone. The
// umask is the process's, so it is not parallel.
func TestUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	k := newKit(t.TempDir())
	root := k.fill(t, file("usr/file", ""))
	want := []string{"build drwxr-xr-x", "dev drwxr-xr-x", "proc drwxr-xr-x", "tmp drwxr-xr-x", "usr drwxr-xr-x", "usr/file -rw-r--r-- "}
	if got := listing(t, root); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, dir := range []string{root, filepath.Dir(root)} {
		if info, err := os.Stat(dir); err != nil || info.Mode() != os.ModeDir|0o755 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}

func TestTwoKeys(t *testing.T) {
	t.Parallel()
	k := newKit(t.TempDir())
	for key, text := range map[string]string{"one": "1", "two": "2"} {
		root, err := k.Root(t.Context(), key, adds(file("file", text)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(root, "file")); string(got) != text || err != nil {
			t.Errorf("%s has %q, %v", key, got, err)
		}
	}
	k.clean(t, "one", "two")
}

func TestKeySyntax(t *testing.T) {
	t.Parallel()
	k := newKit(t.TempDir())
	for _, key := range []string{"", ".", "..", "a/b", "../a", "/a", "a.lock", "a.tmp", "a b", "a\n", "a\x00", "ä"} {
		if root, err := k.Root(t.Context(), key, never(t)); root != "" || err == nil || !strings.Contains(err.Error(), "is not made of letters") {
			t.Errorf("%q: %s, %v", key, root, err)
		}
	}
	k.clean(t)
}

// TestFailures ends filling in every way: nothing is left, and the next build
// makes the root.
func TestFailures(t *testing.T) {
	t.Parallel()
	cause := errors.New("the package is damaged")
	for name, test := range map[string]struct {
		fill func(add func(tree.File) error) error
		want string
	}{
		"fill fails at once": {func(func(tree.File) error) error { return cause }, cause.Error()},
		"fill fails late": {func(add func(tree.File) error) error {
			return errors.Join(adds(sample()...)(add), cause)
		}, cause.Error()},
		"fill goes on after an error": {func(add func(tree.File) error) error {
			_ = add(file("../a", ""))
			if err := add(file("b", "")); err == nil || !strings.Contains(err.Error(), `"../a"`) {
				t.Errorf("the next file: %v", err)
			}
			return nil
		}, `adding -rw-r--r-- "../a" (pkg from "../a"): the path must be relative`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t.TempDir())
			_, err := k.Root(t.Context(), "key", test.fill)
			if err == nil || !strings.HasPrefix(err.Error(), "unpacking the base: "+test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
			k.clean(t)
			if !strings.HasSuffix(k.notes.String(), "unpacking the base: failed after 0s\n") {
				t.Errorf("it said %q", k.notes)
			}
			k.fill(t, sample()...)
		})
	}
}

// TestLate adds a file when the root is complete.
func TestLate(t *testing.T) {
	t.Parallel()
	k := newKit(t.TempDir())
	var late func(tree.File) error
	if _, err := k.Root(t.Context(), "key", func(add func(tree.File) error) error {
		late = add
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := late(file("late", "")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := k.Root(t.Context(), "key", never(t)); err != nil {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	dir := t.TempDir()
	k := newKit(dir)
	_, err := k.Root(ctx, "key", func(add func(tree.File) error) error {
		if err := add(file("before", "")); err != nil {
			t.Error(err)
		}
		cancel(cause)
		return add(file("after", ""))
	})
	if !errors.Is(err, cause) || err.Error() != "unpacking the base: changed my mind" {
		t.Errorf("got %v", err)
	}
	k.clean(t)
	root := newKit(dir).fill(t, sample()...)
	if _, err := k.Root(ctx, "key", never(t)); !errors.Is(err, cause) { // while verifying
		t.Errorf("got %v", err)
	}
	if got, err := k.Root(t.Context(), "key", never(t)); got != root || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
