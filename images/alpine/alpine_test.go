package alpine

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

const (
	dir  = fs.ModeDir | 0o755
	link = fs.ModeSymlink | 0o777
)

// pack makes a package; a file's data is its path, and a link's target follows
// an arrow: "lib -> usr/lib".
func pack(name string, replaces []string, files map[string]fs.FileMode) apk.Package {
	p := apk.Package{Record: apk.Record{Name: name, Version: "1-r0", Replaces: replaces}}
	for path, mode := range files {
		path, target, _ := strings.Cut(path, " -> ")
		f := tree.File{Path: path, Mode: mode, Link: target, Origin: tree.Origin{Component: name, Path: path}}
		if mode.IsRegular() {
			f.Data = []byte(path)
		}
		p.Files = append(p.Files, f)
	}
	return p
}

// describe is what the tests compare: mode, path, target and package.
func describe(files []tree.File) []string {
	var lines []string
	for _, f := range files {
		line := f.Mode.String() + " " + f.Path
		if f.Link != "" {
			line += " -> " + f.Link
		}
		lines = append(lines, line+" ("+f.Origin.Component+")")
	}
	return lines
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		packages []apk.Package
		want     []string
	}{
		{"modes and owners", []apk.Package{func() apk.Package {
			p := pack("a", nil, map[string]fs.FileMode{"bin": dir | 0o022, "bin/su": 0o777 | fs.ModeSetuid | fs.ModeSetgid, "tmp": dir | fs.ModeSticky | 0o777, "x": 0o640})
			for i := range p.Files {
				p.Files[i].UID, p.Files[i].GID = 100, 101
			}
			return p
		}()}, []string{"drwxr-xr-x bin (a)", "-rwxr-xr-x bin/su (a)", "drwxr-xr-x tmp (a)", "-rw-r----- x (a)"}},
		{"the same folder and file twice", []apk.Package{
			pack("a", nil, map[string]fs.FileMode{"etc": dir, "etc/x": 0o644}),
			pack("b", nil, map[string]fs.FileMode{"etc": fs.ModeDir | 0o700, "etc/x": 0o644}),
		}, []string{"drwxr-xr-x etc (a)", "-rw-r--r-- etc/x (a)"}},
		{"the later replaces", []apk.Package{
			pack("a", nil, map[string]fs.FileMode{"x": 0o644}), pack("b", []string{"other", "a>=1"}, map[string]fs.FileMode{"x": 0o755}),
		}, []string{"-rwxr-xr-x x (b)"}},
		{"the earlier replaces", []apk.Package{
			pack("a", []string{"b"}, map[string]fs.FileMode{"x": 0o644}), pack("b", nil, map[string]fs.FileMode{"x": 0o755}),
		}, []string{"-rw-r--r-- x (a)"}},
		{"a folder that another package has as a link", []apk.Package{
			pack("musl", nil, map[string]fs.FileMode{"lib": dir, "lib/ld.so": 0o755, "lib/a": dir, "lib/a/b": 0o644}),
			pack("layout", nil, map[string]fs.FileMode{"lib -> usr/lib": link, "usr": dir, "usr/lib": dir}),
		}, []string{
			"Lrwxrwxrwx lib -> usr/lib (layout)", "drwxr-xr-x usr (layout)", "drwxr-xr-x usr/lib (layout)",
			"drwxr-xr-x usr/lib/a (musl)", "-rw-r--r-- usr/lib/a/b (musl)", "-rwxr-xr-x usr/lib/ld.so (musl)",
		}},
		{"links to links, absolute and above the root", []apk.Package{
			pack("a", nil, map[string]fs.FileMode{"x -> /y": link, "y -> ../../z/w": link, "x/f": 0o644}),
		}, []string{"Lrwxrwxrwx x -> /y (a)", "Lrwxrwxrwx y -> ../../z/w (a)", "-rw-r--r-- z/w/f (a)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Merge(tt.packages)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, describe(got)); diff != "" {
				t.Errorf("different (-want +got):\n%s", diff)
			}
			for _, f := range got {
				if f.UID != 0 || f.GID != 0 {
					t.Errorf("%s belongs to %d:%d", f.Path, f.UID, f.GID)
				}
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		packages []apk.Package
		want     string
	}{
		{"two files", []apk.Package{pack("a", nil, map[string]fs.FileMode{"x": 0o644}), pack("b", nil, map[string]fs.FileMode{"x": 0o755})},
			"merging packages: package b-1-r0.apk: x: package a has another file there, and neither package replaces the other"},
		{"links in a circle", []apk.Package{pack("a", nil, map[string]fs.FileMode{"x -> y": link, "y -> x": link}), pack("b", nil, map[string]fs.FileMode{"x/f": 0o644})},
			"merging packages: package b-1-r0.apk: x/f: its folder goes through more than 40 links"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := Merge(tt.packages); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestApplets(t *testing.T) {
	t.Parallel()
	files := func(list string) []tree.File {
		p := pack("busybox", nil, map[string]fs.FileMode{"bin": dir, "bin/busybox": 0o755, "sbin -> bin": link})
		p.Files = append(p.Files, tree.File{Path: "etc/busybox-paths.d/busybox", Mode: 0o644, Data: []byte(list), Origin: tree.Origin{Component: "busybox"}})
		return append(p.Files, pack("dash", nil, map[string]fs.FileMode{"bin/sh": 0o755}).Files...)
	}
	got, err := Applets(files("/bin/sh\n/bin/ls\n\n/sbin/mdev\n/bin/ls\nusr/bin/awk"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Lrwxrwxrwx bin/ls -> /bin/busybox (busybox)", "Lrwxrwxrwx bin/mdev -> /bin/busybox (busybox)",
		"Lrwxrwxrwx usr/bin/awk -> /bin/busybox (busybox)",
	}
	if diff := cmp.Diff(want, describe(got)); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		name, list, want string
		drop             string
	}{
		{"outside", "/bin/../../x\n", `etc/busybox-paths.d/busybox of package busybox: "/bin/../../x" is no path`, ""},
		{"the root", "/\n", `etc/busybox-paths.d/busybox of package busybox: "/" is no path`, ""},
		{"no busybox", "/bin/ls\n", "etc/busybox-paths.d/busybox of package busybox: it is for bin/busybox, which no package has", "bin/busybox"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var some []tree.File
			for _, f := range files(tt.list) {
				if f.Path != tt.drop {
					some = append(some, f)
				}
			}
			if got, err := Applets(some); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, %v\nwant %s", describe(got), err, tt.want)
			}
		})
	}
}

// The database has the packages that something is of, with what is of them.
func TestDatabase(t *testing.T) {
	t.Parallel()
	nginx := pack("nginx", nil, map[string]fs.FileMode{"usr/sbin/nginx": 0o755, "etc/nginx/nginx.conf": 0o644})
	busybox := pack("busybox", nil, map[string]fs.FileMode{"bin/busybox": 0o755})
	musl := pack("musl", nil, map[string]fs.FileMode{"lib/ld.so": 0o755})
	kept := pack("nginx", nil, map[string]fs.FileMode{"usr/sbin/nginx": 0o755}).Files
	kept = append(kept, musl.Files...)
	kept = append(kept, tree.File{Path: "bin/ls", Mode: link, Link: "/bin/busybox", Origin: tree.Origin{Component: "busybox", Path: "bin/busybox"}})
	got := string(Database([]apk.Package{busybox, musl, nginx}, kept, false))
	for _, want := range []string{"P:nginx\n", "P:musl\n", "F:usr/sbin\n", "R:nginx\n", "R:ld.so\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	for _, other := range []string{"busybox", "nginx.conf", "R:ls"} {
		if strings.Contains(got, other) {
			t.Errorf("%q is in\n%s", other, got)
		}
	}
	meta := apk.Package{Record: apk.Record{Name: "libc-utils", Version: "1-r0"}}
	if got := string(Database([]apk.Package{meta}, nil, true)); !strings.Contains(got, "P:libc-utils\n") {
		t.Errorf("a package without files is missing among whole ones:\n%s", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, f := range Settings([]string{"a", "b"}, []string{"https://x/main"}, "x86_64", tree.Origin{Component: "c"}) {
		got[f.Path] = string(f.Data)
	}
	want := map[string]string{"etc/apk/arch": "x86_64\n", "etc/apk/repositories": "https://x/main\n", "etc/apk/world": "a\nb\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
}
