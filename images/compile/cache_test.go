package compile

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// offline is a kit that can neither fetch nor run.
func offline(t *testing.T) func(*kit) {
	t.Helper()
	return func(k *kit) {
		k.during = func(step string) error {
			t.Errorf("not offline: %s", step)
			return errors.New("offline")
		}
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := newKit(t, dir)
	first := k.component(t)
	if want := []string{"lib-1.tar.gz", "app-1.tar.gz", "app_1.debian.tar.xz"}; !slices.Equal(k.fetched, want) {
		t.Errorf("fetched %q, want %q", k.fetched, want)
	}
	want := []string{
		"lib: copy hello.txt lib.txt", "lib: write include/lib.h header of lib",
		"app: show /build/out/lib/lib.txt", "app: copy hello.txt sbin/app", "app: copy extra.c extra", "app: link sbin/app app",
	}
	if !slices.Equal(k.ran, want) {
		t.Errorf("ran %q, want %q", k.ran, want)
	}
	if got, want := k.compiled(t), []string{"app", "lib"}; !slices.Equal(got, want) {
		t.Errorf("compiled %q, want %q", got, want)
	}
	if want := []images.Patch{{File: "greet.patch", SHA256: sum([]byte(greetPatch))}}; !slices.Equal(first.Patches, want) {
		t.Errorf("patches %v, want %v", first.Patches, want)
	}
	if want := "compiling lib 1\ncompiling lib 1: done in 0s\ncompiling app 1\ncompiling app 1: done in 0s\n"; k.notes.String() != want {
		t.Errorf("printed %q, want %q", &k.notes, want)
	}
	if lib, _ := os.ReadFile(filepath.Join(k.Installed("lib"), "include/lib.h")); string(lib) != "header of lib" {
		t.Errorf("lib's header is %q", lib)
	}

	again := newKit(t, dir, offline(t))
	if second := again.component(t); second.Dir != first.Dir || !slices.Equal(second.Patches, first.Patches) {
		t.Errorf("got %v, then %v", first, second)
	}
	if again.notes.String() != "" {
		t.Errorf("printed %q", &again.notes)
	}
}

func TestKeyChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changed string
		fetched []string
	}{
		"app":   {"app", []string{"app-1.tar.gz", "app_1.debian.tar.xz"}},
		"lib":   {"lib", []string{"lib-1.tar.gz", "app-1.tar.gz", "app_1.debian.tar.xz"}},
		"other": {"other", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			before := newKit(t, dir).component(t)
			change := func(k *kit) { k.salt[test.changed] = "changed" }
			k := newKit(t, dir, change)
			after := k.component(t)
			if !slices.Equal(k.fetched, test.fetched) || (after.Dir == before.Dir) != (test.fetched == nil) {
				t.Errorf("fetched %q, want %q; %s, then %s", k.fetched, test.fetched, before.Dir, after.Dir)
			}
			newKit(t, dir, offline(t)).component(t) // what was there still is
			newKit(t, dir, change, offline(t)).component(t)
		})
	}
}

func TestUnknownComponent(t *testing.T) {
	t.Parallel()
	k := newKit(t, t.TempDir(), offline(t))
	if _, err := k.Component(t.Context(), "none"); err == nil || err.Error() != "compiling none: the plan has no such component" {
		t.Errorf("got %v", err)
	}
	if got := k.Installed("none"); got != "" {
		t.Errorf("installed at %s", got)
	}
}

// TestDamage damages an entry, which the next build must notice and replace.
func TestDamage(t *testing.T) {
	t.Parallel()
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.RemoveAll(filepath.Join(dir, name)) }
	}
	put := func(name, text string) func(string) error {
		return func(dir string) error { return errors.Join(remove(name)(dir), write(filepath.Join(dir, name), text)) }
	}
	for name, test := range map[string]struct {
		damage func(dir string) error
		want   string // after "app: the cached component is damaged: "
	}{
		"file changed": {put("out/sbin/app", "hello\npatched apq\n"), "out/sbin/app has changed"},
		"file emptied": {put("out/extra", ""), "out/extra has changed"},
		"file removed": {remove("out/extra"), "out/extra is missing"},
		"file added":   {put("out/lib/new", ""), "out/lib/new was added"},
		"link changed": {func(dir string) error {
			return errors.Join(remove("out/app")(dir), os.Symlink("extra", dir+"/out/app"))
		}, "out/app has changed"},
		"link became a file": {put("out/app", "hello\npatched app\n"), "out/app has changed"},
		"file became a link": {func(dir string) error {
			return errors.Join(remove("out/extra")(dir), os.Symlink("sbin/app", dir+"/out/extra"))
		}, "out/extra has changed"},
		"file became a pipe": {func(dir string) error {
			return errors.Join(remove("out/extra")(dir), syscall.Mkfifo(dir+"/out/extra", 0o600))
		}, "hashing what was installed: extra is neither a file nor a folder nor a link"},
		"all files removed":   {remove("out"), "hashing what was installed: lstat OUT: no such file or directory"},
		"out is a file":       {put("out", ""), "out/app is missing"},
		"manifest removed":    {remove("manifest.json"), "open MANIFEST: no such file or directory"},
		"manifest emptied":    {put("manifest.json", ""), "manifest.json: unexpected end of JSON input"},
		"manifest is garbage": {put("manifest.json", "\x00\xff garbage"), "manifest.json: invalid character '\\x00' looking for beginning of value"},
		"manifest of nothing": {put("manifest.json", "{}"), "out/app was added"},
		"manifest is null":    {put("manifest.json", "null"), "out/app was added"},
		"manifest is a list":  {put("manifest.json", "[]"), "manifest.json: json: cannot unmarshal array into Go value of type compile.manifest"},
		"manifest is a folder": {func(dir string) error {
			return errors.Join(remove("manifest.json")(dir), os.Mkdir(dir+"/manifest.json", 0o755))
		}, "read MANIFEST: is a directory"},
		"another manifest": {func(dir string) error {
			other, err := filepath.Glob(filepath.Dir(dir) + "/lib-*/manifest.json")
			if err != nil {
				return err
			}
			data, err := os.ReadFile(other[0])
			return errors.Join(err, put("manifest.json", string(data))(dir))
		}, "out/include/lib.h is missing"},
		"entry is a file":    {func(dir string) error { return errors.Join(os.RemoveAll(dir), write(dir, "")) }, "open MANIFEST: not a directory"},
		"entry is empty":     {func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)) }, "open MANIFEST: no such file or directory"},
		"entry leads astray": {func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Symlink("/nowhere", dir)) }, "open MANIFEST: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			entry := newKit(t, dir).component(t)
			if err := test.damage(entry.Dir); err != nil {
				t.Fatal(err)
			}
			k := newKit(t, dir)
			if again := k.component(t); again.Dir != entry.Dir {
				t.Errorf("got %s, want %s", again.Dir, entry.Dir)
			}
			if want := []string{"app-1.tar.gz", "app_1.debian.tar.xz"}; !slices.Equal(k.fetched, want) {
				t.Errorf("fetched %q, want %q", k.fetched, want)
			}
			want := strings.NewReplacer("MANIFEST", entry.Dir+"/manifest.json", "OUT", entry.Dir+"/out").Replace(test.want)
			want = "app: the cached component is damaged: " + want + "; compiling it again\n"
			if !strings.HasPrefix(k.notes.String(), want) {
				t.Errorf("printed %q\nwant %q", &k.notes, want)
			}
			newKit(t, dir, offline(t)).component(t)
		})
	}
}

// TestEveryByte changes each byte of a manifest: all of them count.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	k := newKit(t, t.TempDir())
	entry := k.component(t)
	path := filepath.Join(entry.Dir, "manifest.json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	app, _ := k.planned("app")
	for i := range whole {
		data := bytes.Clone(whole)
		data[i] ^= 1
		if err := write(path, string(data)); err != nil {
			t.Fatal(err)
		}
		if _, err := k.cached(app); !errors.Is(err, errDamaged) {
			t.Errorf("byte %d became %q: %v", i, data[i], err)
		}
	}
	if err := write(path, string(whole)); err != nil {
		t.Fatal(err)
	}
	if _, err := k.cached(app); err != nil {
		t.Error(err)
	}
}

// TestDamagedNeed has a damaged lib: an app that is there does not need it,
// one that is compiled does.
func TestDamagedNeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := newKit(t, dir)
	k.component(t)
	if err := write(filepath.Join(k.Installed("lib"), "lib.txt"), "damaged"); err != nil {
		t.Fatal(err)
	}
	newKit(t, dir, offline(t)).component(t)
	k = newKit(t, dir, func(k *kit) { k.salt["app"] = "changed" })
	entry := k.component(t)
	if want := []string{"lib-1.tar.gz", "app-1.tar.gz", "app_1.debian.tar.xz"}; !slices.Equal(k.fetched, want) {
		t.Errorf("fetched %q, want %q", k.fetched, want)
	}
	if log, err := os.ReadFile(filepath.Join(entry.Dir, "compile.log")); !strings.Contains(string(log), "hello\nof lib\n") {
		t.Errorf("app was shown another lib: %s, %v", log, err)
	}
}

// TestUnreadable has what this user may not read: it may be whole, so it is
// not removed.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	err := damage(&fs.PathError{Op: "open", Path: "/cache/file", Err: syscall.EACCES})
	if isMissing(err) || err.Error() != "reading a cached component: open /cache/file: permission denied" {
		t.Errorf("got %v", err)
	}
	if os.Geteuid() == 0 {
		return // may read everything
	}
	dir := t.TempDir()
	entry := newKit(t, dir).component(t)
	if err := os.Chmod(entry.Path("extra"), 0); err != nil {
		t.Fatal(err)
	}
	_, err = newKit(t, dir, offline(t)).Component(context.Background(), "app")
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(entry.Path("extra")); err != nil {
		t.Error(err)
	}
}
