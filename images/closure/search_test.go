package closure

import (
	"debug/elf"
	"slices"
	"strings"
	"testing"
)

const glibc = "/lib64/ld-linux-x86-64.so.2"

// with is a tree with a program bin/p, its loader, and more files.
func with(p craft, more ...file) []file {
	files := append(slices.Clone(more), file{"bin/p", "p", p})
	switch p.interp {
	case musl:
		files = append(files, file{musl[1:], "musl", craft{}})
	case glibc:
		files = append(files, file{glibc[1:], "glibc", craft{soname: "ld-linux-x86-64.so.2"}})
	}
	return files
}

// What is found where, as musl's loader finds it.
func TestSearch(t *testing.T) {
	t.Parallel()
	needs := func(names ...string) craft { return craft{interp: musl, needed: names} }
	lib := func(path string, needed ...string) file { return file{path, "lib", craft{needed: needed}} }
	for _, c := range []struct {
		name  string
		files []file
		want  string // beside program and loader
	}{
		{"lib comes first", with(needs("l.so"), lib("lib/l.so"), lib("usr/lib/l.so")), "lib/l.so"},
		{"then usr/local/lib", with(needs("l.so"), lib("usr/local/lib/l.so"), lib("usr/lib/l.so")), "usr/local/lib/l.so"},
		{"path file", with(needs("l.so"), lib("lib/l.so"), lib("x/l.so"), file{"etc/ld-musl-x86_64.path", "x", []byte("rel:/y::\n/x\x00/z")}), "etc/ld-musl-x86_64.path x/l.so"},
		{"link to a path file", with(needs("l.so"), lib("x/l.so"), file{"x/path", "x", []byte("/x")}, file{"etc/ld-musl-x86_64.path", "x", "../x/path"}), "etc/ld-musl-x86_64.path x/l.so x/path"},
		{"path file of another architecture", with(needs("l.so"), lib("lib/l.so"), file{"etc/ld-musl-i386.path", "x", []byte("/x")}), "lib/l.so"},
		{"runpath before lib", with(craft{interp: musl, runpath: "/no:/x", needed: []string{"l.so"}}, lib("lib/l.so"), lib("x/l.so")), "x/l.so"},
		{"runpath before rpath", with(craft{interp: musl, runpath: "/x", rpath: "/y", needed: []string{"l.so"}}, lib("y/l.so"), lib("x/l.so")), "x/l.so"},
		{"rpath", with(craft{interp: musl, rpath: "/y", needed: []string{"l.so"}}, lib("y/l.so"), lib("lib/l.so")), "y/l.so"},
		{"origin", with(craft{interp: musl, runpath: "$ORIGIN/../x", needed: []string{"l.so"}}, lib("x/l.so")), "x/l.so"},
		{"origin in braces", with(craft{interp: musl, runpath: "/a/${ORIGIN}:${ORIGIN}", needed: []string{"l.so"}}, lib("bin/l.so")), "bin/l.so"},
		{"anything else with a dollar", with(craft{interp: musl, runpath: "/x:$LIB", needed: []string{"l.so"}}, lib("x/l.so"), lib("lib/l.so")), "lib/l.so"},
		{"relative runpath", with(craft{interp: musl, runpath: "bin:x", needed: []string{"l.so"}}, lib("x/l.so"), lib("lib/l.so")), "lib/l.so"},
		{"runpath is inherited", with(craft{interp: musl, runpath: "/x", needed: []string{"a.so"}}, lib("x/a.so", "b.so"), lib("x/b.so"), lib("lib/b.so")), "x/a.so x/b.so"},
		{"but own comes first", with(craft{interp: musl, runpath: "/x", needed: []string{"a.so"}}, file{"x/a.so", "a", craft{runpath: "/y", needed: []string{"b.so"}}}, lib("x/b.so"), lib("y/b.so")), "x/a.so y/b.so"},
		{"siblings do not share it", with(needs("a.so", "b.so"), file{"lib/a.so", "a", craft{runpath: "/y"}}, lib("y/b.so"), lib("lib/b.so")), "lib/a.so lib/b.so"},
		{"a name that was found answers everywhere", with(craft{interp: musl, needed: []string{"a.so", "b.so"}}, lib("lib/b.so"), file{"lib/a.so", "a", craft{runpath: "/y", needed: []string{"b.so"}}}, lib("y/b.so")), "lib/a.so lib/b.so"},
		{"absolute name", with(needs("/x/l.so"), lib("x/l.so"), lib("lib/l.so")), "x/l.so"},
		{"circle of needs", with(needs("a.so"), lib("lib/a.so", "b.so", "a.so"), lib("lib/b.so", "a.so")), "lib/a.so lib/b.so"},
		{"other machine is passed over", with(needs("l.so"), file{"lib/l.so", "l", craft{abi: arm64}}, lib("usr/lib/l.so")), "usr/lib/l.so"},
		{"directory is passed over", with(needs("l.so"), file{"lib/l.so", "l", nil}, lib("usr/lib/l.so")), "usr/lib/l.so"},
		{"dangling link is passed over", with(needs("l.so"), file{"lib/l.so", "l", "l.so.1"}, lib("usr/lib/l.so")), "usr/lib/l.so"},
		{"links of files", with(needs("l.so"), file{"lib/l.so", "l", "/usr/lib/l.so.1"}, file{"usr/lib/l.so.1", "l", "../../x/l.so"}, lib("x/l.so")), "lib/l.so usr/lib/l.so.1 x/l.so"},
		{"links of directories", with(craft{interp: musl, runpath: "/x/y", needed: []string{"l.so"}}, file{"x/y", "l", "../z"}, file{"z", "l", "/opt/./"}, lib("opt/l.so")), "opt/l.so x/y z"},
		{"reserved names", with(needs("libc.so", "libm.so.6", "libpthread.so.0"), lib("lib/libm.so.6", "none.so")), ""},
		{"reserved name that links to musl", with(needs("libc.musl-x86_64.so.1"), file{"lib/libc.musl-x86_64.so.1", "musl", "ld-musl-x86_64.so.1"}), "lib/libc.musl-x86_64.so.1"},
		{"names that only look reserved", with(needs("libcrypt.so.2", "libmd.so"), lib("lib/libcrypt.so.2"), lib("lib/libmd.so")), "lib/libcrypt.so.2 lib/libmd.so"},
		{"another loader has no reserved names", with(craft{interp: glibc, needed: []string{"libc.so.6"}}, lib("usr/lib/libc.so.6", "ld-linux-x86-64.so.2")), "usr/lib/libc.so.6"},
		{"nor a path file", with(craft{interp: glibc, needed: []string{"l.so"}}, lib("lib/l.so"), file{"etc/ld-musl-x86_64.path", "x", []byte("/x")}), "lib/l.so"},
		{"static program", with(craft{kind: elf.ET_EXEC}), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, err := Find(plant(t, c.files...), []string{"bin/p"})
			if err != nil {
				t.Fatal(err)
			}
			got := slices.DeleteFunc(paths(g), func(p string) bool { return p == "bin/p" || "/"+p == musl || "/"+p == glibc })
			if want := strings.Fields(c.want); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q\n%s", got, want, g.Text())
			}
		})
	}
}

// A module has no interpreter: it is searched with that of the programs.
func TestModule(t *testing.T) {
	t.Parallel()
	files := with(craft{interp: musl, needed: []string{"libc.so"}},
		file{"a/module.so", "m", craft{needed: []string{"libc.so", "l.so"}}},
		file{"x/l.so", "l", craft{}},
		file{"etc/ld-musl-x86_64.path", "x", []byte("/x")})
	g, err := Find(plant(t, files...), []string{"a/module.so", "bin/p"})
	if want := []string{"a/module.so", "bin/p", "etc/ld-musl-x86_64.path", musl[1:], "x/l.so"}; err != nil || !slices.Equal(paths(g), want) {
		t.Errorf("got %q (%v), want %q", paths(g), err, want)
	}
	_, err = Find(plant(t, files...), []string{"a/module.so"})
	if want := "closure: a/module.so (m) needs libc.so: it is in none of lib, usr/local/lib, usr/lib"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// Each process searches for itself, but reads a library once.
func TestProcesses(t *testing.T) {
	t.Parallel()
	g, err := Find(plant(t, with(craft{interp: musl, runpath: "/x", needed: []string{"l.so"}},
		file{"bin/q", "q", craft{interp: musl, needed: []string{"l.so"}}},
		file{"x/l.so", "x", craft{}}, file{"lib/l.so", "l", craft{}},
	)...), []string{"bin/*"})
	if want := []string{"bin/p", "bin/q", "lib/l.so", musl[1:], "x/l.so"}; err != nil || !slices.Equal(paths(g), want) {
		t.Errorf("got %q (%v), want %q", paths(g), err, want)
	}
}
