package source_test

import (
	"archive/tar"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

// good is an archive with everything that is allowed.
func good(tb testing.TB) []byte {
	tb.Helper()
	script := file("pkg-1.0/configure")
	script.Mode = 0o6744
	private := file("pkg-1.0/src/private.c")
	private.Mode = 0o611
	private.ModTime = time.Unix(1, 0)
	global := &tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "git"}}
	locked := dir("pkg-1.0/locked/")
	locked.Mode = 0o500
	return tarball(tb, global,
		dir("./"), dir("./pkg-1.0/"), script, private, dir("pkg-1.0/src"), file("pkg-1.0/a/b/c/deep.h"),
		locked, file("pkg-1.0/locked/in"),
		symlink("pkg-1.0/a/up", "../src//./private.c"), symlink("pkg-1.0/a/b/self", "."),
		symlink("pkg-1.0/a/b/root", "../.."), symlink("pkg-1.0/dangling", "not/there"),
		hardlink("pkg-1.0/hard", "./pkg-1.0/configure"))
}

var goodPicture = picture{
	"configure":     "755 pkg-1.0/configure",
	"hard":          "755 pkg-1.0/configure",
	"src":           "dir",
	"src/private.c": "644 pkg-1.0/src/private.c",
	"a":             "dir",
	"a/b":           "dir",
	"a/b/c":         "dir",
	"a/b/c/deep.h":  "644 pkg-1.0/a/b/c/deep.h",
	"a/up":          "-> ../src//./private.c",
	"a/b/self":      "-> .",
	"a/b/root":      "-> ../..",
	"dangling":      "-> not/there",
	"locked":        "dir",
	"locked/in":     "644 pkg-1.0/locked/in",
}

// The umask belongs to the whole process: this test does not run in parallel.
func TestUnpack(t *testing.T) { //nolint:paralleltest // sets the umask
	for name, data := range map[string][]byte{"gzip": gz(t, good(t)), "xz": xzip(t, good(t))} {
		for _, umask := range []int{0, 0o077, 0o277} {
			archive, out := save(t, data), t.TempDir()
			old := syscall.Umask(umask)
			err := source.Unpack(t.Context(), archive, out, epoch, limits)
			syscall.Umask(old)
			if err != nil {
				t.Fatalf("%s, umask %03o: %v", name, umask, err)
			}
			expect(t, out, goodPicture)
		}
	}
}

func TestUnpackIntoWhatIsNotEmpty(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	build(t, out, picture{"mine": "644 precious"})
	archive := save(t, gz(t, good(t)))
	refused(t, source.Unpack(t.Context(), archive, out, epoch, limits), archive, out, `it has "mine"`, "give an empty directory")
	expect(t, out, picture{"mine": "644 precious"})
}

func TestUnpackWithoutArchiveOrDirectory(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	missing := filepath.Join(out, "missing")
	err := source.Unpack(t.Context(), missing, out, epoch, limits)
	if refused(t, err, missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want one that is os.ErrNotExist", err)
	}
	refused(t, source.Unpack(t.Context(), save(t, gz(t, good(t))), missing, epoch, limits), missing)
}

func TestUnpackStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := t.TempDir()
	err := source.Unpack(ctx, save(t, gz(t, good(t))), out, epoch, limits)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	expect(t, out, picture{})
}
