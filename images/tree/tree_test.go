package tree_test

import (
	"io/fs"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

var (
	nginx = tree.Origin{Component: "nginx", Path: "objs/nginx"}
	ours  = tree.Origin{Component: "nginx-scratch", Path: "conf/nginx"}
)

func file(path string, o tree.Origin) tree.File {
	return tree.File{Path: path, Mode: 0o644, Data: []byte(path), Origin: o}
}

func dir(path string, o tree.Origin) tree.File {
	return tree.File{Path: path, Mode: fs.ModeDir | 0o755, Origin: o}
}

func link(path, target string, o tree.Origin) tree.File {
	return tree.File{Path: path, Mode: fs.ModeSymlink | fs.ModePerm, Link: target, Origin: o}
}

// build adds files to a new tree, all of which must be accepted.
func build(t *testing.T, files ...tree.File) *tree.Tree {
	t.Helper()
	tr := tree.New()
	for _, f := range files {
		if err := tr.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func TestAddRefusesBadFiles(t *testing.T) {
	t.Parallel()
	with := func(change func(*tree.File)) tree.File {
		f := file("etc/passwd", nginx)
		change(&f)
		return f
	}
	mode := func(m fs.FileMode) tree.File {
		return with(func(f *tree.File) { f.Mode, f.Data = m, nil })
	}
	for name, tc := range map[string]struct {
		file tree.File
		want string
	}{
		"empty path":           {file("", nginx), "must be relative"},
		"root":                 {file(".", nginx), "must be relative"},
		"absolute":             {file("/etc/passwd", nginx), "must be relative"},
		"parent":               {file("..", nginx), "must be relative"},
		"escape":               {file("etc/../../passwd", nginx), "must be relative"},
		"dot element":          {file("./etc/passwd", nginx), "must be relative"},
		"trailing slash":       {dir("etc/", nginx), "must be relative"},
		"empty element":        {file("etc//passwd", nginx), "must be relative"},
		"NUL":                  {file("etc/pass\x00wd", nginx), "NUL"},
		"not UTF-8":            {file("etc/\xff", nginx), "UTF-8"},
		"device":               {mode(fs.ModeDevice | 0o600), "only regular files"},
		"character device":     {mode(fs.ModeDevice | fs.ModeCharDevice | 0o600), "only regular files"},
		"pipe":                 {mode(fs.ModeNamedPipe | 0o600), "only regular files"},
		"socket":               {mode(fs.ModeSocket | 0o600), "only regular files"},
		"irregular":            {mode(fs.ModeIrregular | 0o600), "only regular files"},
		"directory and device": {mode(fs.ModeDir | fs.ModeDevice | 0o600), "only regular files"},
		"directory and link":   {mode(fs.ModeDir | fs.ModeSymlink | 0o755), "only regular files"},
		"append only":          {mode(fs.ModeAppend | 0o644), "mode has bits"},
		"exclusive":            {mode(fs.ModeExclusive | 0o644), "mode has bits"},
		"temporary":            {mode(fs.ModeTemporary | 0o644), "mode has bits"},
		"unknown bit":          {mode(1<<9 | 0o644), "mode has bits"},
		"negative UID":         {with(func(f *tree.File) { f.UID = -1 }), "owner -1:0"},
		"GID that means none":  {with(func(f *tree.File) { f.GID = math.MaxUint32 }), "owner 0:4294967295"},
		"directory with data":  {with(func(f *tree.File) { f.Mode = fs.ModeDir | 0o755 }), "can have content"},
		"symlink with data":    {with(func(f *tree.File) { f.Mode, f.Link = fs.ModeSymlink, "x" }), "can have content"},
		"regular with target":  {with(func(f *tree.File) { f.Link = "x" }), "can have a target"},
		"symlink to nothing":   {link("a", "", nginx), "symlink target"},
		"symlink to NUL":       {link("a", "b\x00", nginx), "symlink target"},
		"symlink to bad UTF-8": {link("a", "\xff", nginx), "symlink target"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := tree.New()
			err := tr.Add(tc.file)
			if err == nil {
				t.Fatalf("%+v was accepted", tc.file)
			}
			for _, want := range []string{tc.want, `nginx from "objs/nginx"`} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if n := len(slices.Collect(tr.All())); n != 0 {
				t.Errorf("the refused file left %d entries", n)
			}
		})
	}
}

func TestAddRefusesConflicts(t *testing.T) {
	t.Parallel()
	private := dir("var/lib", ours)
	private.Mode = fs.ModeDir | 0o700
	owned := dir("var/lib", ours)
	owned.UID = 1
	for name, tc := range map[string]struct {
		first, second tree.File
		want          string
	}{
		"same file twice":           {file("etc/passwd", nginx), file("etc/passwd", ours), "taken"},
		"directory then file":       {dir("etc", nginx), file("etc", ours), "taken"},
		"file then directory":       {file("etc", nginx), dir("etc", ours), "taken"},
		"file then symlink":         {file("etc", nginx), link("etc", "x", ours), "taken"},
		"directory, other mode":     {dir("var/lib", nginx), private, "taken"},
		"directory, other owner":    {dir("var/lib", nginx), owned, "taken"},
		"file below file":           {file("a", nginx), file("a/b/c", ours), "parent is no directory"},
		"file above file":           {file("a/b/c", nginx), file("a", ours), "must be a directory"},
		"directory below file":      {file("a", nginx), dir("a/b", ours), "parent is no directory"},
		"file below symlink":        {link("a", "b", nginx), file("a/b", ours), "parent is no directory"},
		"symlink above file":        {file("a/b", nginx), link("a", "b", ours), "must be a directory"},
		"file deep below a symlink": {link("a/b", "/", nginx), file("a/b/c/d", ours), "parent is no directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := build(t, tc.first)
			before := slices.Collect(tr.All())
			err := tr.Add(tc.second)
			if err == nil {
				t.Fatal("the conflict was accepted")
			}
			for _, want := range []string{tc.want, `nginx from "objs/nginx"`, `nginx-scratch from "conf/nginx"`} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if after := slices.Collect(tr.All()); !reflect.DeepEqual(before, after) {
				t.Errorf("the refused file changed the tree:\n%v\n%v", before, after)
			}
		})
	}
}

func TestOrderOfAddDoesNotMatter(t *testing.T) {
	t.Parallel()
	files := []tree.File{
		file("etc/nginx/nginx.conf", ours), dir("etc", nginx), dir("etc", ours),
		file("etc-old", ours), link("usr/sbin/nginx", "../bin/nginx", nginx), file("usr/bin/nginx", nginx),
	}
	want := slices.Collect(build(t, files...).All())
	slices.Reverse(files)
	if got := slices.Collect(build(t, files...).All()); !reflect.DeepEqual(got, want) {
		t.Errorf("reversed:\n%v\nforward:\n%v", got, want)
	}
}

// FuzzAdd adds one file per line, "f" a file, "d" a directory and "l" a symlink,
// and holds what every tree promises.
func FuzzAdd(f *testing.F) {
	f.Add("fa\nda\nla/b\nfa/b/c")
	f.Add("f../x\nf/etc/passwd\nfa\x00b\nla/../b\nda")
	f.Fuzz(func(t *testing.T, script string) {
		tr, accepted := tree.New(), 0
		for line := range strings.Lines(script) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" {
				continue
			}
			add := file(line[1:], nginx)
			switch line[0] {
			case 'd':
				add = dir(line[1:], nginx)
			case 'l':
				add = link(line[1:], "target", nginx)
			}
			if tr.Add(add) == nil {
				accepted++
			}
		}
		seen := map[string]tree.File{}
		last := ""
		for f := range tr.All() {
			parent := f.Path[:max(0, strings.LastIndexByte(f.Path, '/'))]
			if parent != "" && !seen[parent].Mode.IsDir() {
				t.Errorf("%q comes without a directory before it", f.Path)
			}
			if f.Path <= last || !fs.ValidPath(f.Path) {
				t.Errorf("%q after %q", f.Path, last)
			}
			seen[f.Path], last = f, f.Path
		}
		if accepted > 0 && len(seen) == 0 {
			t.Errorf("%d files accepted, none given back", accepted)
		}
	})
}
