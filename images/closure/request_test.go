package closure

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	files := []file{
		{"etc/nginx/a_params", "nginx", []byte("a")},
		{"etc/nginx/b_params", "nginx", "a_params"},
		{"etc/nginx/c*", "nginx", []byte("c")},
		{"etc/nginx/http.d/default.conf", "nginx", []byte("d")},
		{"etc/nginx/modules", "nginx", "/usr/lib/modules"},
		{"usr/lib/modules/m.conf", "m", []byte("m")},
		{"usr/lib64", "base", "lib"},
		{"run.sh", "s", []byte("#!\t/bin/second \n")},
		{"bin/second", "s", []byte("#!/bin/sh\x00ignored\n")},
		{"bin/sh", "sh", craft{}},
	}
	for _, c := range []struct{ requests, want string }{
		{"etc/nginx/a_params", "etc/nginx/a_params"},
		{"etc/nginx/b_params", "etc/nginx/a_params etc/nginx/b_params"},
		{"etc/nginx/*_params", "etc/nginx/a_params etc/nginx/b_params"},
		{"etc/*/[ac]*", "etc/nginx/a_params etc/nginx/c*"},
		{`etc/nginx/c\*`, "etc/nginx/c*"},
		{"etc/nginx/*", "etc/nginx/a_params etc/nginx/b_params etc/nginx/c*"},
		{"etc/nginx/modules/m.conf", "etc/nginx/modules usr/lib/modules/m.conf"},
		{"usr/lib64/modules/*.conf", "usr/lib/modules/m.conf usr/lib64"},
		{"run.sh", "bin/second bin/sh run.sh"},
		{"run.sh run.sh bin/sh", "bin/second bin/sh run.sh"},
	} {
		t.Run(c.requests, func(t *testing.T) {
			t.Parallel()
			g, err := Find(plant(t, files...), strings.Fields(c.requests))
			if want := strings.Fields(c.want); err != nil || !slices.Equal(paths(g), want) {
				t.Errorf("got %q (%v), want %q", paths(g), err, want)
			}
		})
	}
}

// Linux runs no script that is not executable, so nothing needs its interpreter.
func TestDataThatLooksLikeAScript(t *testing.T) {
	t.Parallel()
	all := tree.New()
	if err := all.Add(tree.File{Path: "etc/x", Mode: 0o644, Data: []byte("#!/bin/sh\n")}); err != nil {
		t.Fatal(err)
	}
	g, err := Find(all, []string{"etc/x"})
	if err != nil || len(g.Nodes) != 1 || g.Nodes[0].Kind != Data {
		t.Errorf("got %+v, %v", g, err)
	}
}

// Files are given as the tree has them.
func TestFiles(t *testing.T) {
	t.Parallel()
	all := tree.New()
	want := []tree.File{
		{Path: "a", Mode: fs.ModeSymlink | 0o777, Link: "b", UID: 3, Origin: tree.Origin{Component: "x", Path: "y"}},
		{Path: "b", Mode: fs.ModeSetuid | 0o750, UID: 1, GID: 2, Data: []byte("b"), Origin: tree.Origin{Component: "p", Path: "q"}},
	}
	for _, f := range want {
		if err := all.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	g, err := Find(all, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	same := func(a, b tree.File) bool {
		return a.Path == b.Path && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && a.Link == b.Link &&
			a.Origin == b.Origin && string(a.Data) == string(b.Data)
	}
	if !slices.EqualFunc(g.Files(), want, same) {
		t.Errorf("got %+v", g.Files())
	}
}
