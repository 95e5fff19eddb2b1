package rootfs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDamage damages a root, which the next build must notice and replace.
func TestDamage(t *testing.T) {
	t.Parallel()
	at := func(root, name string) string { return filepath.Join(filepath.Dir(root), name) }
	remove := func(name string) func(string) error {
		return func(root string) error { return os.RemoveAll(at(root, name)) }
	}
	put := func(name, text string) func(string) error {
		return func(root string) error { return os.WriteFile(at(root, name), []byte(text), 0o644) }
	}
	chmod := func(name string, mode os.FileMode) func(string) error {
		return func(root string) error { return os.Chmod(at(root, name), mode) }
	}
	relink := func(name, target string) func(string) error {
		return func(root string) error { return errors.Join(remove(name)(root), os.Symlink(target, at(root, name))) }
	}
	for name, test := range map[string]struct {
		damage func(root string) error
		want   string
	}{
		"file changed":   {put("root/bin/busybox", "#!busyboy\n"), "bin/busybox has changed"},
		"file emptied":   {put("root/usr/lib/libc.a", ""), "usr/lib/libc.a has changed"},
		"file filled":    {put("root/empty", "x"), "empty has changed"},
		"file removed":   {remove("root/empty"), "empty is missing"},
		"file added":     {put("root/usr/lib/new", ""), "usr/lib/new was added"},
		"mode changed":   {chmod("root/bin/busybox", 0o744), "bin/busybox has changed"},
		"setuid":         {chmod("root/bin/busybox", os.ModeSetuid|0o755), "bin/busybox has changed"},
		"folder closed":  {chmod("root/usr", 0o555), "usr has changed"},
		"folder opened":  {chmod("root/usr", 0o777), "usr has changed"},
		"folder removed": {remove("root/dev"), "dev is missing"},
		"folder added":   {func(root string) error { return os.Mkdir(root+"/new", 0o755) }, "new was added"},
		"link changed":   {relink("root/bin/sh", "busybox"), "bin/sh has changed"},
		"link to file": {func(root string) error {
			return errors.Join(remove("root/bin/sh")(root), put("root/bin/sh", "#!busybox\n")(root))
		}, "bin/sh has changed"},
		"file to link": {relink("root/bin/busybox", "/bin/busybox"), "bin/busybox has changed"},
		"file to folder": {func(root string) error {
			return errors.Join(remove("root/empty")(root), os.Mkdir(root+"/empty", 0o755))
		}, "empty has changed"},
		"file to pipe": {func(root string) error {
			return errors.Join(remove("root/empty")(root), syscall.Mkfifo(root+"/empty", 0o644))
		}, "empty has changed"},
		"folder to link": {relink("root/usr", "/usr"), "usr has changed"},

		"root removed":        {remove("root"), "lstat ROOT: no such file or directory"},
		"root is a link":      {relink("root", "/"), "bin is missing"},
		"manifest removed":    {remove("manifest.json"), "open MANIFEST: no such file or directory"},
		"manifest emptied":    {put("manifest.json", ""), "manifest.json: unexpected end of JSON input"},
		"manifest is garbage": {put("manifest.json", "\xff"), "manifest.json: invalid character"},
		"manifest of nothing": {put("manifest.json", "{}"), "bin was added"},
		"manifest of more":    {func(root string) error { return shift(at(root, "manifest.json")) }, "manifest.json has changed"},
		"entry is a file":     {func(root string) error { return errors.Join(remove("")(root), put("", "")(root)) }, "open MANIFEST: not a directory"},
		"entry is empty":      {func(root string) error { return errors.Join(remove("")(root), os.Mkdir(at(root, ""), 0o755)) }, "open MANIFEST: no such"},
		"entry leads nowhere": {relink("", "/nowhere"), "open MANIFEST: no such"},
		"manifest is a folder": {func(root string) error {
			return errors.Join(remove("manifest.json")(root), os.Mkdir(at(root, "manifest.json"), 0o755))
		}, "read MANIFEST: is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			root := newKit(dir).fill(t, sample()...)
			whole := listing(t, root)
			if err := test.damage(root); err != nil {
				t.Fatal(err)
			}
			k := newKit(dir)
			if again := k.fill(t, sample()...); again != root {
				t.Errorf("got %s, want %s", again, root)
			}
			want := "the unpacked base is damaged: " + strings.NewReplacer("ROOT", root, "MANIFEST", at(root, "manifest.json")).Replace(test.want)
			if !strings.HasPrefix(k.notes.String(), want) || !strings.Contains(k.notes.String(), "; unpacking it again\n") {
				t.Errorf("it said %q\nwant %q", k.notes, want)
			}
			if got := listing(t, root); strings.Join(got, "\n") != strings.Join(whole, "\n") {
				t.Errorf("the root is %q", got)
			}
			k.clean(t, "key")
			if _, err := k.Root(t.Context(), "key", never(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// shift writes the same JSON with another space.
func shift(path string) error {
	data, err := os.ReadFile(path)
	return errors.Join(err, os.WriteFile(path, append(data, ' '), 0o644))
}

// TestEveryByte changes each byte of a manifest, and of a file: all of them
// count.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	k := newKit(t.TempDir())
	root := k.fill(t, file("file", "content"), link("link", "target"))
	for _, path := range []string{filepath.Join(root, "../manifest.json"), filepath.Join(root, "file")} {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range whole {
			data := bytes.Clone(whole)
			data[i] ^= 1
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := k.verify(t.Context(), "key"); !errors.Is(err, errDamaged) {
				t.Errorf("%s: byte %d became %q: %v", path, i, data[i], err)
			}
		}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := k.verify(t.Context(), "key"); err != nil {
			t.Error(err)
		}
	}
}

// TestOtherKey has a whole root under a key that is not its own.
func TestOtherKey(t *testing.T) {
	t.Parallel()
	k := newKit(t.TempDir())
	root := k.fill(t, sample()...)
	if err := os.Rename(filepath.Dir(root), filepath.Join(k.Dir, "other")); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Root(t.Context(), "other", adds(file("file", ""))); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(k.notes.String()[len("unpacking the base\nunpacking the base: done in 0s\n"):], "the unpacked base is damaged: manifest.json has changed; ") {
		t.Errorf("it said %q", k.notes)
	}
}

// TestUnreadable has what this user may not read: it may be whole, so it is
// not removed.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	err := damage(&fs.PathError{Op: "open", Path: "/roots/file", Err: syscall.EACCES})
	if isMissing(err) || err.Error() != "reading what is unpacked: open /roots/file: permission denied" {
		t.Errorf("got %v", err)
	}
	if os.Geteuid() == 0 {
		return // may read everything
	}
	k := newKit(t.TempDir())
	root := k.fill(t, sample()...)
	if err := os.Chmod(filepath.Join(root, "usr"), 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(filepath.Join(root, "usr"), 0o755) }() // for TempDir
	if _, err := k.Root(t.Context(), "key", never(t)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(filepath.Join(root, "empty")); err != nil {
		t.Error(err)
	}
}
