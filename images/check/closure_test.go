package check

import (
	"debug/elf"
	"io/fs"
	"testing"
)

func spoilLibrary(name string, spoil func(*craft)) func(*fixture) {
	return func(f *fixture) { spoil(f.crafts[name]) }
}

// loadCases are programs that a loader could not start, whatever else is in the
// image. A dynamic image's no-shell has to know what is loaded.
func loadCases() []badCase {
	fails := []string{"closure", "no-shell"}
	return []badCase{
		{"no library", func(f *fixture) {
			delete(f.crafts, craftCrypto)
			delete(f.files, "usr/lib/libcrypto.so.3")
		}, fails, "usr/lib/libssl.so.3"},
		{"no loader", func(f *fixture) { delete(f.crafts, craftLoader) }, fails, craftLoader},
		{"library where no loader looks", func(f *fixture) {
			f.crafts["etc/nginx/libssl.so.3"] = f.crafts[craftSSL]
			delete(f.crafts, craftSSL)
		}, fails, "libssl.so.3"},
		{"library that is a dangling link", func(f *fixture) { delete(f.crafts, craftCrypto) }, append(fails, "symlinks"), "libcrypto.so.3"},
		{"library of another machine", spoilLibrary(craftSSL, func(c *craft) { c.header.Machine = uint16(elf.EM_AARCH64) }), append(fails, "platform"), "libssl.so.3"},
		{"loader of another machine", spoilLibrary(craftLoader, func(c *craft) { c.header.Machine = uint16(elf.EM_AARCH64) }), append(fails, "platform"), craftLoader},
		{"program as a library", spoilLibrary(craftSSL, func(c *craft) { c.header.Type = uint16(elf.ET_EXEC) }), fails, craftSSL},
		{"object as a loader", spoilLibrary(craftLoader, func(c *craft) { c.header.Type = uint16(elf.ET_REL) }), fails, craftLoader},
		{"loader that is a directory", func(f *fixture) {
			delete(f.crafts, craftLoader)
			dir(craftLoader, 0o755)(f)
		}, fails, craftLoader},
		{"library as the program", spoilELF(func(c *craft) {
			c.drop(elf.PT_INTERP)
			c.dynamic[1].Val = uint64(elf.DF_1_NOW)
		}), append([]string{"pie"}, fails...), "not a position-independent program"},
	}
}

// libraryCases are what a dynamic image may not have beside its program.
func libraryCases() []badCase {
	const extra = "usr/lib/libextra.so.1"
	add := func(name string, mode fs.FileMode, c *craft) func(*fixture) {
		return func(f *fixture) {
			f.subject.Paths = append(f.subject.Paths, name)
			f.put(name, mode, string(c.bytes()))
		}
	}
	needed := func(name string) func(*fixture) { // from where loaders look
		return func(f *fixture) {
			add("lib/"+name, 0o755, library())(f)
			f.program.need(name)
		}
	}
	return []badCase{
		{"left-over", add(extra, 0o644, library()), []string{"closure"}, extra + " is not needed"},
		{"left-over that can be run", add(extra, 0o755, library()), []string{"closure", "no-shell"}, extra + " is not needed"},
		{"left-over version", add("usr/lib/libssl.so.3.0.0", 0o644, library()), []string{"closure"}, "usr/lib/libssl.so.3.0.0 is not needed"},
		{"hidden by the directory before", add("usr/lib/ld-musl-x86_64.so.1", 0o644, library()), []string{"closure"}, "usr/lib/ld-musl-x86_64.so.1 is not needed"},
		{"second program", add("usr/sbin/tool", 0o755, goodELF()), []string{"closure", "no-shell"}, "usr/sbin/tool is not needed"},
		{"executable file for the loader", func(f *fixture) {
			f.subject.Paths = append(f.subject.Paths, "etc/*")
			f.put("etc/ld-musl-x86_64.path", 0o755, "/lib\n/usr/lib\n")
		}, []string{"no-shell"}, "etc/ld-musl-x86_64.path is mode 0755"},
		{"shell that is loaded as a library", needed("busybox"), []string{"no-shell"}, "lib/busybox has the name"},
		{"executable stack", spoilLibrary(craftSSL, func(c *craft) { c.add(elf.PT_GNU_STACK, elf.PF_X, elf.Prog64{}) }), []string{"nx-stack"}, craftSSL + ": its stack is executable"},
		{"executable stack of the loader", spoilLibrary(craftLoader, func(c *craft) { c.add(elf.PT_GNU_STACK, elf.PF_X, elf.Prog64{}) }), []string{"nx-stack"}, craftLoader},
		{"writable code", spoilLibrary(craftCrypto, func(c *craft) { c.segment(elf.PT_LOAD).Flags |= uint32(elf.PF_W) }), []string{"no-rwx-segment"}, craftCrypto + ": the memory at 0x0"},
		{"text relocations", spoilLibrary(craftCrypto, func(c *craft) { c.tag(elf.DT_TEXTREL, 0) }), []string{"no-rwx-segment"}, craftCrypto},
		{"rpath", spoilLibrary(craftSSL, func(c *craft) { c.tag(elf.DT_RPATH, c.text("/opt")) }), []string{"no-rpath"}, craftSSL + ": it has a built-in library path"},
		{"runpath", spoilLibrary(craftSSL, func(c *craft) { c.tag(elf.DT_RUNPATH, c.text("/opt")) }), []string{"no-rpath"}, craftSSL},
		{"cut short", func(f *fixture) {
			delete(f.crafts, craftCrypto)
			f.put(craftCrypto, 0o755, string(library().bytes()[:craftSize-1]))
		}, []string{"no-rpath", "nx-stack", "no-rwx-segment", "closure", "no-shell"}, "reading " + craftCrypto},
		{"wrong machine of a module", func(f *fixture) {
			c := library()
			c.header.Machine = uint16(elf.EM_386)
			add(extra, 0o644, c)(f)
		}, []string{"platform", "closure"}, extra + " is for EM_386"},
		{"program that loads nothing", spoilELF(func(c *craft) {
			c.drop(elf.PT_DYNAMIC)
			c.drop(elf.PT_INTERP)
		}), []string{"pie", "bind-now", "closure", "no-shell"}, "not a position-independent program"},
	}
}

// debugCases are what even a base system may not have.
func debugCases() []badCase {
	return []badCase{
		{"program of another machine", func(f *fixture) {
			c := goodELF()
			c.header.Machine = uint16(elf.EM_AARCH64)
			f.put("etc/nginx/tool", 0o755, string(c.bytes()))
		}, []string{"platform"}, "etc/nginx/tool is for EM_AARCH64"},
		{"dangling link", link("/bin/busybox"), []string{"symlinks"}, "no bin/busybox"},
		{"link out of the image by way of a device", link("/dev/../../etc/passwd"), []string{"symlinks"}, "leads out"},
	}
}

// What looks like a bad case, and is none where not everything is ours.
func TestAllowedInOneProfile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		profile Profile
		name    string
		change  func(*fixture)
	}{
		{Dynamic, "linker that does not say PIE", spoilELF(func(c *craft) { c.dynamic[1].Val = uint64(elf.DF_1_NOW) })},
		{Dynamic, "static program", func(f *fixture) { f.crafts, f.program = nil, goodELF(); delete(f.files, "usr/lib/libcrypto.so.3") }},
		{Dynamic, "libraries that cannot be run", func(f *fixture) {
			for name, c := range f.crafts {
				f.put(name, 0o644, string(c.bytes()))
			}
			f.crafts = nil
		}},
		{Dynamic, "second name of a library", func(f *fixture) { f.link("usr/lib/libssl.so.0", "libssl.so.3") }},
		{Debug, "any path without patterns", func(f *fixture) { f.subject.Paths = nil; f.put("root/.profile", 0o600, "") }},
		{Debug, "shell", func(f *fixture) {
			f.put("etc/nginx/busybox", 0o755, string(dynamicELF().bytes()))
			f.link("etc/nginx/sh", "busybox")
		}},
		{Debug, "script", func(f *fixture) { f.put("etc/nginx/start", 0o755, "#!/etc/nginx/sh\n") }},
		{Debug, "weak programs and libraries", func(f *fixture) {
			weak := library("libmissing.so.1")
			weak.header.Type = uint16(elf.ET_EXEC)
			weak.add(elf.PT_GNU_STACK, elf.PF_X, elf.Prog64{})
			weak.tag(elf.DT_RPATH, weak.text("/opt"))
			weak.tag(elf.DT_TEXTREL, 0)
			f.put("etc/nginx/tool", 0o755, string(weak.bytes()))
			f.put("etc/nginx/object.o", 0o644, string(goodELF().bytes()[:64]))
		}},
		{Debug, "links to what is there at run time", func(f *fixture) {
			f.link("etc/mtab", "../proc/mounts")
			f.link("etc/nginx/run", "/run/nginx")
			f.link("etc/nginx/null", "/dev/null")
			f.link("etc/nginx/class", "/sys/class/../class/net")
			f.subject.Paths = append(f.subject.Paths, "etc/mtab")
		}},
	} {
		t.Run(c.profile.String()+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			f := goodFixture(c.profile)
			c.change(f)
			if failures := runAll(t, f.build(t)); len(failures) > 0 {
				t.Errorf("refused: %v", failures)
			}
		})
	}
}
