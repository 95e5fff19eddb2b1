package closure

import (
	"debug/elf"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Every error says who asked, through whom, and what is wrong.
func TestRefuses(t *testing.T) {
	t.Parallel()
	needs := func(names ...string) craft { return craft{interp: musl, needed: names} }
	lib := func(path string, needed ...string) file { return file{path, "l", craft{needed: needed}} }
	const usual = "it is in none of lib, usr/local/lib, usr/lib"
	for _, c := range []struct {
		name, request string
		files         []file
		want          string
	}{
		{"missing library", "bin/p", with(needs("libssl.so.3")), "bin/p (p) needs libssl.so.3: " + usual},
		{"missing further down", "bin/p", with(needs("a.so"), lib("lib/a.so", "b.so")), "bin/p (p) needs lib/a.so (l) needs b.so: " + usual},
		{"missing in a runpath", "bin/p", with(craft{interp: musl, runpath: "/x:/lib", needed: []string{"a.so"}}), "bin/p (p) needs a.so: it is in none of x, lib, usr/local/lib, usr/lib"},
		{"only another machine's", "bin/p", with(needs("a.so"), file{"lib/a.so", "l", craft{abi: arm64}}), "bin/p (p) needs a.so: " + usual + " (lib/a.so: it is for AARCH64, 64-bit little-endian, not for X86_64, 64-bit little-endian)"},
		{"dangling link", "bin/p", with(needs("a.so"), file{"lib/a.so", "l", "a.so.1"}), "bin/p (p) needs a.so: " + usual + " (lib/a.so: it leads to lib/a.so.1, which is in no package)"},
		{"directory", "bin/p", with(needs("a.so"), file{"lib/a.so", "l", nil}), "bin/p (p) needs a.so: " + usual + " (lib/a.so: it is a directory)"},
		{"circle of links", "bin/p", with(needs("a.so"), file{"lib/a.so", "l", "b.so"}, file{"lib/b.so", "l", "a.so"}), "bin/p (p) needs a.so: lib/a.so: its links go in circles"},
		{"link out of the root", "bin/p", with(needs("a.so"), file{"lib/a.so", "l", "../../lib/b.so"}, lib("lib/b.so")), "bin/p (p) needs a.so: lib/a.so: it leads out of the root"},
		{"library that is text", "bin/p", with(needs("a.so"), file{"lib/a.so", "l", []byte("INPUT(b.so)")}), "bin/p (p) needs a.so: lib/a.so: reading its ELF headers: it is no ELF file"},
		{"library that is an object file", "bin/p", with(needs("a.so"), file{"lib/a.so", "l", craft{kind: elf.ET_REL}}), "bin/p (p) needs a.so: lib/a.so: it is no shared object but ET_REL"},
		{"relative name", "bin/p", with(needs("x/a.so"), lib("x/a.so")), "bin/p (p) needs x/a.so: it is no absolute path, so it depends on where the program is started"},
		{"absolute name that is not there", "bin/p", with(needs("/x/a.so")), "bin/p (p) needs /x/a.so: it is in no package"},
		{"empty name", "bin/p", with(needs("")), `bin/p (p) needs "": the name is empty`},
		{"name for terminals", "bin/p", with(needs("\x1b[2J")), `bin/p (p) needs "\x1b[2J": ` + usual},
		{"empty path file", "bin/p", with(needs("a.so"), lib("lib/a.so"), file{"etc/ld-musl-x86_64.path", "l", []byte{}}), "bin/p (p) needs a.so: there is no directory to look in"},
		{"dangling path file", "bin/p", with(needs("a.so"), lib("lib/a.so"), file{"etc/ld-musl-x86_64.path", "l", "none"}), "bin/p (p) needs a.so: reading etc/ld-musl-x86_64.path: it leads to etc/none, which is in no package"},
		{"path file is a directory", "bin/p", with(needs("a.so"), lib("lib/a.so"), file{"etc/ld-musl-x86_64.path", "l", nil}), "bin/p (p) needs a.so: reading etc/ld-musl-x86_64.path: it is a directory"},
		{"soname means nothing to musl", "bin/p", with(needs("a.so", "b.so"), file{"lib/a.so", "l", craft{soname: "b.so"}}), "bin/p (p) needs b.so: " + usual},
		{"reserved name of another loader", "bin/p", with(craft{interp: glibc, needed: []string{"libc.so.6"}}), "bin/p (p) needs libc.so.6: " + usual},
		{"missing interpreter", "bin/p", with(craft{interp: "/x/ld.so"}), "bin/p (p) needs the interpreter /x/ld.so: it is in no package"},
		{"relative interpreter", "bin/p", with(craft{interp: "lib/ld.so"}), "bin/p (p) needs the interpreter lib/ld.so: it is no absolute path, so it depends on where the program is started"},
		{"interpreter of another machine", "bin/p", with(craft{abi: arm64, interp: musl}), "bin/p (p) needs the interpreter /lib/ld-musl-x86_64.so.1: it is for X86_64, 64-bit little-endian, not for AARCH64, 64-bit little-endian"},
		{"broken program", "bin/p", []file{{"bin/p", "p", []byte("\x7fELF")}}, "bin/p (p): reading its ELF headers: it is no ELF file"},
		{"nothing there", "etc/nginx/x", nil, "etc/nginx/x is in no package"},
		{"below a file", "bin/p/x", with(craft{}), "bin/p/x is in no package"},
		{"a directory", "bin", with(craft{}), "bin is a directory: request the files in it, such as bin/*"},
		{"link that leads nowhere", "l", []file{{"l", "l", "/x/../y/"}, {"x", "l", nil}}, "l: it leads to y, which is in no package"},
		{"link to itself", "l", []file{{"l", "l", "l"}}, "l: its links go in circles"},
		{"link to the root", "l", []file{{"l", "l", "/"}}, "l is a directory: request the files in it, such as l/*"},
		{"pattern without a match", "etc/*.conf", with(craft{}), "etc/*.conf matches no file of any package"},
		{"pattern that matches directories alone", "*", with(craft{}), "* matches no file of any package"},
		{"pattern that matches a dangling link", "*", []file{{"l", "l", "x"}}, "l, which * matches: it leads to x, which is in no package"},
		{"bad pattern", "bin/[", with(craft{}), `request "bin/[": syntax error in pattern`},
		{"absolute request", "/bin/p", with(craft{}), `request "/bin/p": it must be a path below the root without a leading slash, such as usr/sbin/nginx`},
		{"request above the root", "../p", with(craft{}), `request "../p": it must be a path below the root without a leading slash, such as usr/sbin/nginx`},
		{"script without an interpreter", "s", []file{{"s", "s", []byte("#!/bin/sh\n")}}, "s (s) needs the interpreter /bin/sh: it is in no package"},
		{"script with a relative one", "s", []file{{"s", "s", []byte("#! sh -e\n")}}, `s (s): its first line gives "sh" as interpreter, which is no absolute path`},
		{"script that names none", "s", []file{{"s", "s", []byte("#!")}}, `s (s): its first line gives "" as interpreter, which is no absolute path`},
		{"script with a directory", "s", []file{{"s", "s", []byte("#!/x")}, {"x", "s", nil}}, "s (s) needs the interpreter /x: it is a directory"},
		{"script that interprets itself", "s", []file{{"s", "s", []byte("#!/s")}}, strings.Repeat("s (s) needs ", 5) + "s (s): more than 5 scripts interpret each other"},
		{"script whose interpreter lacks something", "s", with(needs("a.so"), file{"s", "s", []byte("#!/bin/p")}), "s (s) needs bin/p (p) needs a.so: " + usual},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, err := Find(plant(t, c.files...), []string{c.request})
			if err == nil {
				t.Fatalf("found\n%s", g.Text())
			}
			if want := "closure: " + c.want; err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// Packages that are made to take forever are given up soon.
func TestEndless(t *testing.T) {
	t.Parallel()
	var dirs strings.Builder
	for i := range 800 {
		fmt.Fprintf(&dirs, ":/%d", i)
	}
	// Each library has 800 directories of its own to look in for what it names,
	// and those of all before it.
	slow := with(craft{interp: musl, needed: []string{"l0.so"}})
	for i := range 200 {
		slow = append(slow, file{fmt.Sprintf("lib/l%d.so", i), "l", craft{runpath: dirs.String(), needed: []string{fmt.Sprintf("l%d.so", i+1)}}})
	}
	chain := with(craft{interp: musl, needed: []string{"c0.so"}})
	for i := range maxObjects {
		chain = append(chain, file{fmt.Sprintf("lib/c%d.so", i), "l", craft{needed: []string{fmt.Sprintf("c%d.so", i+1)}}})
	}
	tooMany := make([]string, maxNeeded+1)
	for i := range tooMany {
		tooMany[i] = fmt.Sprint(i)
	}
	for name, c := range map[string]struct {
		files []file
		want  string
	}{
		"searches": {slow, "more than 1048576 paths were looked up"},
		"chain":    {chain, "it is one more than the 500 objects that one process may load"},
		"names":    {with(craft{interp: musl, needed: tooMany}), "more than 250 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, start := plant(t, c.files...), time.Now()
			g, err := Find(all, []string{"bin/p"})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v with %v, want %q", g != nil, err, c.want)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}
