package check

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

const page = "usr/share/nginx/html/index.html"

func dir(name string, mode fs.FileMode) func(*fixture) {
	return func(f *fixture) { f.files[name] = tree.File{Path: name, Mode: fs.ModeDir | mode} }
}

func fileCases() []badCase {
	mode := func(m fs.FileMode) func(*fixture) {
		return func(f *fixture) { f.change(page, func(file *tree.File) { file.Mode = m }) }
	}
	return []badCase{
		{"file", mode(0o644 | fs.ModeSetuid), []string{"setuid"}, page + " is mode urw-r--r--"},
		{"setgid directory", dir("etc/nginx", 0o755|fs.ModeSetgid), []string{"setuid"}, "etc/nginx is mode"},
		{"sticky", mode(0o644 | fs.ModeSticky), []string{"setuid"}, "mode trw"},
		{"file", mode(0o646), []string{"world-writable"}, page + " is mode 0646"},
		{"directory", dir("etc/nginx", 0o757), []string{"world-writable"}, "etc/nginx is mode 0757"},
		{"temporary directory", dir("etc/nginx/tmp", 0o777|fs.ModeSticky), []string{"world-writable", "group-writable", "setuid"}, "0777"},
		{"file", mode(0o664), []string{"group-writable"}, page + " is mode 0664"},
		{"directory", dir("usr/share/nginx", 0o775), []string{"group-writable"}, "usr/share/nginx is mode 0775"},
		{"user", func(f *fixture) { f.change(page, func(file *tree.File) { file.UID = 65532 }) }, []string{"root-owned"}, page + " belongs to 65532:0"},
		{"group", func(f *fixture) { f.change(page, func(file *tree.File) { file.GID = 1 }) }, []string{"root-owned"}, "0:1"},
		{"symlink", func(f *fixture) { f.change("etc/nginx/html", func(file *tree.File) { file.UID = 7 }) }, []string{"root-owned"}, "7:0"},
		{"every one of them is named", func(f *fixture) {
			f.put("etc/nginx/a", 0o666, "")
			f.put("etc/nginx/b", 0o666, "")
		}, []string{"world-writable", "group-writable"}, "etc/nginx/a is mode 0666: everybody can write it\netc/nginx/b"},
	}
}

func contentCases() []badCase {
	paths := func(patterns ...string) func(*fixture) {
		return func(f *fixture) { f.subject.Paths = append(f.subject.Paths, patterns...) }
	}
	put := func(name string, mode fs.FileMode, data string) func(*fixture) {
		return func(f *fixture) { f.put(name, mode, data) }
	}
	cases := []badCase{
		{"file", put("etc/shadow", 0o644, ""), []string{"unexpected-path"}, "etc/shadow is not expected"},
		{"deeper than its pattern", put("usr/share/nginx/html/a/b.html", 0o644, ""), []string{"unexpected-path"}, "html/a is not expected\nusr/share/nginx/html/a/b.html"},
		{"empty directory", dir("home", 0o755), []string{"unexpected-path"}, "home is not expected"},
		{"file where a directory is meant", func(f *fixture) { f.put("opt/x", 0o644, ""); paths("opt/x/**")(f) }, []string{"unexpected-path"}, "opt/x is not expected"},
		{"symlink", func(f *fixture) { f.link("bin", "usr/sbin") }, []string{"unexpected-path"}, "bin is not expected"},
		{"malformed pattern", paths("etc/["), []string{"unexpected-path"}, `reading path pattern "etc/["`},
		{"pattern of everything", paths("**"), []string{"unexpected-path"}, "can only be the last"},
		{"pattern with ** inside", paths("usr/**/nginx"), []string{"unexpected-path"}, "can only be the last"},
		{"absolute pattern", paths("/etc/**"), []string{"unexpected-path"}, `element ""`},
		{"dot in pattern", paths("./etc/passwd"), []string{"unexpected-path"}, `element "."`},
		{"parent in pattern", paths("etc/../**"), []string{"unexpected-path"}, `element ".."`},
		{"executable", put("etc/nginx/tool", 0o755, "\x00"), []string{"no-shell"}, "etc/nginx/tool is mode 0755: it can be run"},
		{"executable by one", put("etc/nginx/tool", 0o654, ""), []string{"no-shell"}, "it can be run"},
		{"script", put("etc/nginx/start", 0o644, "#!/usr/sbin/nginx -c\n"), []string{"no-shell"}, "is a script"},
		{"symlink", func(f *fixture) { f.link("etc/nginx/sh", "nginx.conf") }, []string{"no-shell"}, "etc/nginx/sh has the name"},
	}
	for name := range strings.FieldsSeq("sh ash bash busybox dash zsh zsh-5.9 fish ksh perl perl5.36.0 python python3 python3.13 Python3 lua lua5.4 apk apt apt-get dpkg rpm php83 node ruby3.2") {
		cases = append(cases, badCase{fmt.Sprintf("named %s", name), put("etc/nginx/"+name, 0o644, ""), []string{"no-shell"}, name})
	}
	return cases
}

func link(target string) func(*fixture) {
	return func(f *fixture) { f.link("etc/nginx/link", target) }
}

// scratchCases are what only a base system may have.
func scratchCases() []badCase {
	return []badCase{
		{"no patterns", func(f *fixture) { f.subject.Paths = nil }, []string{"unexpected-path"}, "usr/sbin/nginx is not expected"},
		{"a device", link("/dev/sda"), []string{"symlinks"}, "no dev/sda"},
		{"into shared memory", link("/dev/shm/x"), []string{"symlinks"}, "no dev/shm/x"},
		{"process files", link("/proc/self/exe"), []string{"symlinks"}, "no proc"},
	}
}

func symlinkCases() []badCase {
	return []badCase{
		{"dangling", link("missing"), []string{"symlinks"}, "etc/nginx/link -> missing: it leads nowhere, for the image has no etc/nginx/missing"},
		{"dangling absolute", link("/lib/ld.so"), []string{"symlinks"}, "no lib/ld.so"},
		{"out of the image", link("../../../etc/passwd"), []string{"symlinks"}, "leads out"},
		{"out of the image and back", link("/../etc/passwd"), []string{"symlinks"}, "leads out"},
		{"out through another link", link("html/../../../../../etc/passwd"), []string{"symlinks"}, "leads out"},
		{"to itself", link("link"), []string{"symlinks"}, "circles"},
		{"below itself", link("link/x"), []string{"symlinks"}, "circles"},
		{"below a file", link("/etc/passwd/x"), []string{"symlinks"}, "no etc/passwd/x"},
		{"a file as a directory", link("nginx.conf/"), []string{"symlinks"}, "nowhere"},
		{"circle", func(f *fixture) { link("other")(f); f.link("etc/nginx/other", "link") }, []string{"symlinks"}, "circles"},
	}
}
