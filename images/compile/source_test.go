package compile

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// TestSource has sources and patches that cannot be used. Each error names the
// archive or patch that is at fault, and says nothing twice.
func TestSource(t *testing.T) {
	t.Parallel()
	lock := func(patches ...images.Patch) func(*kit) { return func(k *kit) { k.patches["app"] = patches } }
	greet := images.Patch{File: "greet.patch", SHA256: sum([]byte(greetPatch))}
	wrong := images.Patch{File: "wrong.patch", SHA256: sum([]byte(wrongPatch))}
	for name, test := range map[string]struct {
		change func(*kit)
		after  func(*kit) error // with the archives
		want   string
	}{
		"patch does not apply": {
			change: func(k *kit) { k.skip = nil },
			want:   `applying wrong.patch: hello.txt (line 1 of the patch): hunk 1 (line 3 of the patch): line 1 should be "no such line\n", found "hello\n"`,
		},
		"lock lacks a patch": {
			change: lock(greet),
			want:   `comparing app_1.debian.tar.xz with the lock: the series goes on with "wrong.patch" where the lock ends: review what has changed, then update the lock`,
		},
		"lock has one more": {
			change: lock(greet, wrong, images.Patch{File: "more.patch"}),
			want:   `comparing app_1.debian.tar.xz with the lock: the lock goes on with "more.patch" where the series ends: review what has changed, then update the lock`,
		},
		"another order": {
			change: lock(wrong, greet),
			want:   `comparing app_1.debian.tar.xz with the lock: patch 1 of the series is "greet.patch", but the lock lists "wrong.patch": review what has changed, then update the lock`,
		},
		"another content": {
			change: lock(images.Patch{File: "greet.patch", SHA256: "0123"}, wrong),
			want:   `comparing app_1.debian.tar.xz with the lock: patch "greet.patch" has sha256 ` + greet.SHA256 + `, but the lock lists "0123": review what has changed, then update the lock`,
		},
		"no series": {
			change: func(k *kit) { k.series["app"] = map[string][]byte{"a.patch": nil} },
			want:   `app_1.debian.tar.xz: reading the patch series of PATCHES: it has no file debian/patches/series`,
		},
		"no source": {
			after: func(k *kit) error { return os.Remove(filepath.Join(k.inputs, "app-1.tar.gz")) },
			want:  "app-1.tar.gz: unpacking SOURCE: open SOURCE: no such file or directory",
		},
		"source is no archive": {
			after: func(k *kit) error { return write(filepath.Join(k.inputs, "app-1.tar.gz"), "garbage") },
			want:  "app-1.tar.gz: unpacking SOURCE: it begins with 67 61 72 62 61 67: only gzip and xz archives can be read",
		},
		"source leads outside": {
			change: func(k *kit) { k.files["app"] = map[string]string{"../../outside": ""} },
			want:   `app-1.tar.gz: unpacking SOURCE: entry "app-1/../../outside": the path has a ".."`,
		},
		"file in the way": {
			change: func(k *kit) { k.files["app"] = map[string]string{"extra.c/file": ""} },
			want:   `adding extra.c: openat extra.c: is a directory`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			k := newKit(t, dir, func(k *kit) {
				if test.change != nil {
					test.change(k)
				}
			})
			if test.after != nil {
				if err := test.after(k); err != nil {
					t.Fatal(err)
				}
			}
			_, err := k.Component(t.Context(), "app")
			want := "compiling app 1: " + strings.NewReplacer(
				"SOURCE", filepath.Join(k.inputs, "app-1.tar.gz"), "PATCHES", filepath.Join(k.inputs, "app_1.debian.tar.xz"),
			).Replace(test.want)
			if err == nil || err.Error() != want {
				t.Errorf("got %v\nwant %s", err, want)
			}
			if got, want := k.compiled(t), []string{"lib"}; !slices.Equal(got, want) {
				t.Errorf("compiled %q, want %q", got, want)
			}
			if i := slices.IndexFunc(k.ran, regexp.MustCompile("^app: ").MatchString); i >= 0 {
				t.Errorf("ran %q", k.ran[i])
			}
			k.clean(t)
			newKit(t, dir).component(t)
		})
	}
}

// TestNoSeries has a component whose lock has no patches.
func TestNoSeries(t *testing.T) {
	t.Parallel()
	k := newKit(t, t.TempDir())
	entry, err := k.Component(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(entry.Path("other.txt"))
	if string(text) != "hello\nof other\n" || err != nil || entry.Patches != nil {
		t.Errorf("got %q, %v, patches %v", text, err, entry.Patches)
	}
	if want := []string{"other-1.tar.gz"}; !slices.Equal(k.fetched, want) {
		t.Errorf("fetched %q, want %q", k.fetched, want)
	}
}
