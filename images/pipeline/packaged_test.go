package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func TestPlatforms(t *testing.T) {
	t.Parallel()
	packages := images.Definition{Name: "alpine", Alpine: &images.Alpine{}, Platforms: []string{hostPlatform(), "linux/arm/v7", "linux/s390x"}}
	static := images.Definition{Name: "static", Platforms: []string{hostPlatform(), "linux/riscv64"}}
	for _, tt := range []struct {
		name  string
		d     images.Definition
		asked []string
		want  []string
		err   string // how it begins
	}{
		{"this machine's", packages, nil, []string{hostPlatform()}, ""},
		{"all", packages, []string{"all"}, []string{hostPlatform(), "linux/arm/v7", "linux/s390x"}, ""},
		{"some, in the definition's order and once", packages, []string{"linux/s390x", hostPlatform(), "linux/s390x"}, []string{hostPlatform(), "linux/s390x"}, ""},
		{"not there", packages, []string{"linux/mips"}, nil, `platform "linux/mips": images/alpine.yaml has only `},
		{"empty", packages, []string{""}, nil, `platform "": images/alpine.yaml has only `},
		{"static", static, nil, []string{hostPlatform()}, ""},
		{"static by name", static, []string{hostPlatform()}, []string{hostPlatform()}, ""},
		{"static for another", static, []string{"linux/riscv64"}, []string{"linux/riscv64"}, ""},
		{"static for all", static, []string{"all"}, []string{hostPlatform(), "linux/riscv64"}, ""},
		{"static for what is not there", static, []string{"linux/mips"}, nil, `platform "linux/mips": images/static.yaml has only `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := platforms(tt.asked, tt.d)
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.err)) || !slices.Equal(got, tt.want) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestLoadDefinition(t *testing.T) {
	t.Parallel()
	if d, err := loadDefinition(filepath.Join("..", ".."), "alpine"); err != nil || d.Name != "alpine" {
		t.Errorf("got %s, %v", d.Name, err)
	}
	_, err := loadDefinition(filepath.Join("..", ".."), "apache")
	if want := `there is no definition "apache": there are alpine, base, minimal, static`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := loadDefinition(t.TempDir(), "alpine"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no checkout: %v", err)
	}
}

func TestLocked(t *testing.T) {
	t.Parallel()
	lock := images.Lock{Alpine: &images.LockedAlpine{Platforms: []images.LockedPlatform{{Platform: "linux/arm64", Arch: "aarch64"}}}}
	if got, err := locked(lock, "alpine", []string{"linux/arm64"}); err != nil || len(got) != 1 || got[0].Arch != "aarch64" {
		t.Errorf("got %v, %v", got, err)
	}
	_, err := locked(lock, "alpine", []string{"linux/riscv64"})
	if want := "images/alpine.lock.json has no packages for linux/riscv64: run `mage lock alpine -update -platform linux/riscv64`"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestProfileAndTag(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d       images.Definition
		profile check.Profile
		tag     string
	}{
		{images.Definition{Name: "static"}, check.Static, "static"},
		{images.Definition{Name: "alpine", Alpine: &images.Alpine{Files: []string{"x"}}}, check.Dynamic, "alpine"},
		{images.Definition{Name: "minimal", Alpine: &images.Alpine{}}, check.Debug, "minimal-debug"},
	} {
		if got := profile(tt.d); got != tt.profile || tag(tt.d) != tt.tag {
			t.Errorf("%s is %v with the tag %s", tt.d.Name, got, tag(tt.d))
		}
	}
}

// What the repository has of its own stands before what packages bring.
func TestCovered(t *testing.T) {
	t.Parallel()
	own := tree.New()
	for _, f := range []tree.File{
		{Path: "etc/nginx/nginx.conf", Mode: 0o644, Origin: tree.Origin{Component: project}},
		{Path: "run", Mode: fs.ModeSymlink | 0o777, Link: "/dev/shm", Origin: tree.Origin{Component: project}},
	} {
		if err := own.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{
		"etc/nginx/nginx.conf": true, "etc/nginx/mime.types": false, "run": true, "run/nginx": true, "run/nginx/x": true,
		"etc": true, "etc/nginx": true, "usr": false,
	} {
		f := tree.File{Path: path, Mode: 0o644}
		if !strings.Contains(filepath.Base(path), ".") {
			f.Mode = fs.ModeDir | 0o755
		}
		if got := covered(own, f); got != want {
			t.Errorf("covered(%s) is %v", path, got)
		}
	}
	if covered(own, tree.File{Path: "etc", Mode: 0o644}) {
		t.Error("a file where the repository needs a folder is passed over: it must be an error of the tree")
	}
}

func TestWithUser(t *testing.T) {
	t.Parallel()
	const user = "65532:65533"
	for _, tt := range []struct{ path, has, want string }{
		{"etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnginx:x:100:101::/:/\nnginx2:x:7:7::/:/", "root:x:0:0:root:/root:/bin/sh\nnginx2:x:7:7::/:/\nnginx:x:65532:65533:nginx:/nonexistent:/nonexistent\n"},
		{"etc/group", "root:x:0:root\n", "root:x:0:root\nnginx:x:65533:\n"},
		{"etc/group", "", "nginx:x:65533:\n"},
	} {
		got := withUser(tree.File{Path: tt.path, Mode: 0o600, Data: []byte(tt.has)}, user)
		if string(got.Data) != tt.want || got.Mode != 0o644 || got.Origin != accountOrigin {
			t.Errorf("got %q, %v, %v", got.Data, got.Mode, got.Origin)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	pack := func(name, version, checksum string) images.LockedPackage {
		return images.LockedPackage{Name: name, Version: version, Checksum: checksum}
	}
	was := images.LockedPlatform{Platform: "linux/arm64", Packages: []images.LockedPackage{pack("a", "1", "x"), pack("b", "1", "x"), pack("c", "1", "x"), pack("d", "1", "x")}}
	now := images.LockedPlatform{Platform: "linux/arm64", Packages: []images.LockedPackage{pack("a", "1", "x"), pack("b", "2", "x"), pack("c", "1", "y"), pack("e", "3", "x")}}
	want := []string{
		"linux/arm64: b 1 -> 2", "linux/arm64: c 1 was built again", "linux/arm64: e 3", "linux/arm64: d 1 is no longer needed",
	}
	if diff := cmp.Diff(want, changes(was, now)); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), changes(was, was)); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
}

func TestReplaceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.lock.json")
	for _, text := range []string{"one\n", "one\n", "two\n"} {
		if err := replaceFile(file, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
		// Whatever mode it had: others read it too.
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if text == "two\n" && info.Mode() != 0o644 {
			t.Errorf("its mode is %v", info.Mode())
		}
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(filepath.Join(dir, "folder"), nil); err == nil {
		t.Error("a folder was replaced")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestEmulatorOf(t *testing.T) {
	if path, ok := emulatorOf(hostPlatform()); path != "" || !ok {
		t.Errorf("for this machine: %q, %v", path, ok)
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if path, ok := emulatorOf("linux/s390x"); ok {
		t.Errorf("without an emulator: %q", path)
	}
	script := filepath.Join(dir, "qemu-s390x-static")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if path, ok := emulatorOf("linux/s390x"); ok {
		t.Errorf("a script, which would need a shell of the image: %q", path)
	}
}

func TestBaseKey(t *testing.T) {
	t.Parallel()
	want := images.LockedPlatform{Platform: "linux/amd64", Arch: "x86_64", Packages: []images.LockedPackage{{Name: "gcc", SHA256: "a"}}}
	first, err := baseKey(want)
	if err != nil {
		t.Fatal(err)
	}
	want.Indexes = []images.LockedIndex{{Repository: "main", Built: 7}}
	if same, err := baseKey(want); err != nil || same != first {
		t.Errorf("a newer index with the same packages gives another root: %v", err)
	}
	want.Packages[0].SHA256 = "b"
	if other, err := baseKey(want); err != nil || other == first {
		t.Errorf("another package gives the same root: %v", err)
	}
}
