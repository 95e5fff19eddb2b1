package closure

import (
	"cmp"
	"debug/elf"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write what is made to testdata")

const musl = "/lib/ld-musl-x86_64.so.1"

// nginx is how Alpine lays out its files.
func nginx() []file {
	return []file{
		{"usr/sbin/nginx", "nginx", craft{interp: musl, needed: []string{"libpcre2-8.so.0", "libssl.so.3", "libcrypto.so.3", "libc.musl-x86_64.so.1"}}},
		{"etc/nginx/mime.types", "nginx", []byte("types {}\n")},
		{"etc/nginx/fastcgi_params", "nginx", []byte("fastcgi_param A a;\n")},
		{"etc/nginx/uwsgi_params", "nginx", []byte("uwsgi_param A a;\n")},
		{"lib/ld-musl-x86_64.so.1", "musl", craft{soname: "libc.musl-x86_64.so.1"}},
		{"lib/libc.musl-x86_64.so.1", "musl", "ld-musl-x86_64.so.1"},
		{"usr/lib/libssl.so.3", "libssl3", craft{soname: "libssl.so.3", needed: []string{"libcrypto.so.3", "libc.musl-x86_64.so.1"}}},
		{"usr/lib/libcrypto.so.3", "libcrypto3", craft{soname: "libcrypto.so.3", needed: []string{"libc.musl-x86_64.so.1"}}},
		{"usr/lib/ossl-modules/legacy.so", "libcrypto3", craft{needed: []string{"libcrypto.so.3"}}},
		{"usr/lib/libpcre2-8.so.0", "pcre2", "libpcre2-8.so.0.14.0"},
		{"usr/lib/libpcre2-8.so.0.14.0", "pcre2", craft{soname: "libpcre2-8.so.0", needed: []string{"libc.musl-x86_64.so.1"}}},
		{"usr/lib/libpcre2-posix.so.3", "pcre2", craft{needed: []string{"libpcre2-8.so.0"}}},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	odd := []file{
		{"usr/bin/a\"\\\n\x1b[31m", "", []byte("#! /bin/sh -e\n")},
		{"bin", "base", "usr/bin"},
		{"usr/bin/sh", "busy\\box", "/bin/busybox"},
		{"usr/bin/busybox", "busy\\box", craft{kind: elf.ET_EXEC}},
	}
	for _, c := range []struct {
		name     string
		files    []file
		requests []string
	}{
		{"nginx", nginx(), []string{"usr/sbin/nginx", "etc/nginx/mime.types", "etc/nginx/*_params"}},
		{"odd", odd, []string{"usr/bin/a*"}},
		{"nothing", nginx(), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				g, err := Find(plant(t, c.files...), c.requests)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, c.name+".txt", g.Text())
				golden(t, c.name+".dot", g.Dot())
				slices.Reverse(c.requests) // and the order of requests changes nothing
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s differs (%v): go test -update writes what is made:\n%s", path, err, got)
	}
}

func TestGraph(t *testing.T) {
	t.Parallel()
	g, err := Find(plant(t, nginx()...), []string{"usr/sbin/nginx"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Node{
		{"lib/ld-musl-x86_64.so.1", "musl", 0, Interpreter},
		{"lib/libc.musl-x86_64.so.1", "musl", 0, Link},
		{"usr/lib/libcrypto.so.3", "libcrypto3", 0, Library},
		{"usr/lib/libpcre2-8.so.0", "pcre2", 0, Link},
		{"usr/lib/libpcre2-8.so.0.14.0", "pcre2", 0, Library},
		{"usr/lib/libssl.so.3", "libssl3", 0, Library},
		{"usr/sbin/nginx", "nginx", 0, Program},
	}
	for i, f := range g.Files() {
		want[i].Size = int64(len(f.Data))
		if f.Origin.Component != want[i].Package {
			t.Errorf("file %q of %s, want %s", f.Path, f.Origin.Component, want[i].Package)
		}
	}
	if !slices.Equal(g.Nodes, want) {
		t.Errorf("got %v\nwant %v", g.Nodes, want)
	}
	if !slices.Equal(g.Roots, []string{"usr/sbin/nginx"}) {
		t.Errorf("the roots are %q", g.Roots)
	}
	sorted := func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Why, b.Why))
	}
	if !slices.IsSortedFunc(g.Edges, sorted) || len(g.Edges) != 11 {
		t.Errorf("%d edges: %v", len(g.Edges), g.Edges)
	}
	for _, e := range []Edge{
		{"usr/sbin/nginx", "lib/ld-musl-x86_64.so.1", "interpreter"},
		{"usr/lib/libssl.so.3", "usr/lib/libcrypto.so.3", "needed libcrypto.so.3"},
		{"usr/lib/libpcre2-8.so.0", "usr/lib/libpcre2-8.so.0.14.0", "link"},
	} {
		if !slices.Contains(g.Edges, e) {
			t.Errorf("no edge %v in %v", e, g.Edges)
		}
	}
}

// Every class, byte order and machine is read on whatever host this runs.
func TestArchitectures(t *testing.T) {
	t.Parallel()
	for arch, a := range map[string]abi{
		"x86_64": amd64, "aarch64": arm64,
		"armhf":       {elf.ELFCLASS32, elf.ELFDATA2LSB, elf.EM_ARM},
		"i386":        {elf.ELFCLASS32, elf.ELFDATA2LSB, elf.EM_386},
		"riscv64":     {elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_RISCV},
		"loongarch64": {elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_LOONGARCH},
		"powerpc64le": {elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_PPC64},
		"s390x":       {elf.ELFCLASS64, elf.ELFDATA2MSB, elf.EM_S390},
		"powerpc":     {elf.ELFCLASS32, elf.ELFDATA2MSB, elf.EM_PPC},
		"mips64":      {elf.ELFCLASS64, elf.ELFDATA2MSB, elf.EM_MIPS},
	} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			loader := "lib/ld-musl-" + arch + ".so.1"
			g, err := Find(plant(t,
				file{"usr/sbin/nginx", "nginx", craft{abi: a, interp: "/" + loader, needed: []string{"libz.so.1", "libc.musl-" + arch + ".so.1"}}},
				file{"opt/z/libz.so.1", "zlib", craft{abi: a, needed: []string{"libc.musl-" + arch + ".so.1"}}},
				file{loader, "musl", craft{abi: a}},
				file{"etc/ld-musl-" + arch + ".path", "base", []byte("/lib\n/opt/z\n")},
				file{"lib/libz.so.1", "other", craft{abi: abi{a.class, a.data, elf.EM_SPARC}}},
			), []string{"usr/sbin/nginx"})
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{"etc/ld-musl-" + arch + ".path", loader, "opt/z/libz.so.1", "usr/sbin/nginx"}; !slices.Equal(paths(g), want) {
				t.Errorf("got %q, want %q", paths(g), want)
			}
		})
	}
}
