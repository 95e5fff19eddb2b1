package pipeline

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// checkout makes a repository with a configuration, and a compiled nginx.
func checkout(t *testing.T) (dir string, nginx compile.Entry) {
	t.Helper()
	dir = t.TempDir()
	for name, mode := range map[string]fs.FileMode{
		"repo/conf/nginx.conf":          0o600,
		"repo/conf/conf.d/default.conf": 0o777,
		"repo/conf/conf.d/a/b.conf":     0o640,
		"entry/out/sbin/nginx":          0o700,
		"entry/out/conf/scgi_params":    0o755,
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(filepath.Base(name)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode|fs.ModeSetuid); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "repo"), compile.Entry{Dir: filepath.Join(dir, "entry")}
}

func definition(mappings ...images.Mapping) images.Definition {
	return images.Definition{
		Image: images.Image{User: "65532:65533", Binary: "usr/sbin/nginx"},
		Install: []images.Mapping{
			{From: "sbin/nginx", To: "usr/sbin/nginx"},
			{From: "conf/scgi_params", To: "etc/nginx/scgi_params"},
		},
		Config: mappings,
		Links:  map[string]string{"tmp": "/dev/shm"},
	}
}

// assemble is what a build of a compiled nginx does.
func assemble(t *testing.T, dir string, nginx compile.Entry, mappings ...images.Mapping) (*tree.Tree, error) {
	t.Helper()
	b := &builder{Options: Options{Repository: dir}, definition: definition(mappings...)}
	b.origin = &compiled{builder: b, built: map[string]built{hostPlatform(): {nginx: nginx}}}
	return b.assemble(t.Context(), hostPlatform())
}

func TestAssemble(t *testing.T) {
	t.Parallel()
	dir, nginx := checkout(t)
	got, err := assemble(t, dir, nginx,
		images.Mapping{From: "conf/nginx.conf", To: "etc/nginx/nginx.conf"},
		images.Mapping{From: "conf/conf.d", To: "etc/nginx/conf.d"})
	if err != nil {
		t.Fatal(err)
	}
	file := func(path string, mode fs.FileMode, data, component, origin string) tree.File {
		return tree.File{Path: path, Mode: mode, Data: []byte(data), Origin: tree.Origin{Component: component, Path: origin}}
	}
	folder := func(path string) tree.File { return tree.File{Path: path, Mode: fs.ModeDir | 0o755} }
	want := []tree.File{
		folder("etc"),
		file("etc/group", 0o644, "root:x:0:\nnginx:x:65533:\n", "nginx-scratch", "image.user"),
		folder("etc/nginx"),
		folder("etc/nginx/conf.d"),
		folder("etc/nginx/conf.d/a"),
		file("etc/nginx/conf.d/a/b.conf", 0o644, "b.conf", "nginx-scratch", "conf/conf.d/a/b.conf"),
		file("etc/nginx/conf.d/default.conf", 0o644, "default.conf", "nginx-scratch", "conf/conf.d/default.conf"),
		file("etc/nginx/nginx.conf", 0o644, "nginx.conf", "nginx-scratch", "conf/nginx.conf"),
		file("etc/nginx/scgi_params", 0o644, "scgi_params", "nginx", "conf/scgi_params"),
		file("etc/passwd", 0o644, "root:x:0:0:root:/:/nonexistent\nnginx:x:65532:65533:nginx:/nonexistent:/nonexistent\n", "nginx-scratch", "image.user"),
		{
			Path: "tmp", Mode: fs.ModeSymlink | 0o777, Link: "/dev/shm",
			Origin: tree.Origin{Component: "nginx-scratch", Path: "links"},
		},
		folder("usr"),
		folder("usr/sbin"),
		file("usr/sbin/nginx", 0o755, "nginx", "nginx", "sbin/nginx"),
	}
	var files []tree.File
	for f := range got.All() {
		files = append(files, f)
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("the tree is different (-want +got):\n%s", diff)
	}
}

func TestAssembleRefuses(t *testing.T) {
	t.Parallel()
	conf := images.Mapping{From: "conf", To: "etc"}
	for _, c := range []struct {
		name    string
		change  func(repo, entry string) error
		mapping images.Mapping
		want    string
	}{
		{"link in a folder", func(repo, _ string) error { return os.Symlink("nginx.conf", repo+"/conf/link") }, conf,
			"adding conf: conf/link is no regular file: only those can be in the image"},
		{"link to outside", func(repo, _ string) error { return os.Symlink("/etc/passwd", repo+"/conf/link") }, conf,
			"adding conf: conf/link is no regular file: only those can be in the image"},
		{"the file is a link", func(repo, _ string) error { return os.Symlink("/etc/passwd", repo+"/link") }, images.Mapping{From: "link", To: "etc/x"},
			"adding link: link is a link: put what it leads to in its place"},
		{"the folder is a link", func(repo, _ string) error { return os.Symlink("conf", repo+"/link") }, images.Mapping{From: "link", To: "etc/x"},
			"adding link: link is a link: put what it leads to in its place"},
		{"below a link", func(repo, _ string) error { return os.Symlink("conf", repo+"/link") }, images.Mapping{From: "link/nginx.conf", To: "etc/x"},
			"adding link/nginx.conf: link is a link: put what it leads to in its place"},
		{"pipe", func(repo, _ string) error { return syscall.Mkfifo(repo+"/conf/pipe", 0o600) }, conf,
			"adding conf: conf/pipe is no regular file: only those can be in the image"},
		{"nothing there", func(string, string) error { return nil }, images.Mapping{From: "config", To: "etc"},
			"adding config: lstat "},
		{"not compiled", func(_, entry string) error { return os.Remove(entry + "/out/sbin/nginx") }, conf,
			"reading what nginx has installed: open "},
		{"accounts of the repository", func(repo, _ string) error { return os.WriteFile(repo+"/conf/passwd", nil, 0o600) }, conf,
			`adding -rw-r--r-- "etc/passwd" (nginx-scratch from "image.user"): the path is taken by`},
		{"in the binary's place", func(string, string) error { return nil }, images.Mapping{From: "conf/nginx.conf", To: "usr/sbin/nginx"},
			`adding -rwxr-xr-x "usr/sbin/nginx" (nginx from "sbin/nginx"): the path is taken by -rw-r--r-- "usr/sbin/nginx" (nginx-scratch from "conf/nginx.conf")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, nginx := checkout(t)
			if err := c.change(dir, nginx.Dir); err != nil {
				t.Fatal(err)
			}
			got, err := assemble(t, dir, nginx, c.mapping)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, %v\nwant %s", got, err, c.want)
			}
		})
	}
}
