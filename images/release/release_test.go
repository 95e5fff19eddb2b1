package release_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// sample makes a release for two platforms that differs with content.
func sample(t testing.TB, content string) release.Release {
	t.Helper()
	tr := tree.New()
	if err := tr.Add(tree.File{Path: "etc/motd", Mode: 0o644, Data: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	var images []v1.Image
	for _, arch := range []string{"amd64", "arm64"} {
		img, err := oci.Image(tr, oci.Config{
			Platform: v1.Platform{OS: "linux", Architecture: arch},
			Created:  time.Unix(1_700_000_000, 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, img)
	}
	index, err := oci.Index(images...)
	if err != nil {
		t.Fatal(err)
	}
	return release.Release{Name: "nginx-scratch", Tag: "static", Index: index}
}

func digest(t testing.TB, r release.Release) string {
	t.Helper()
	h, err := r.Index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

func write(t testing.TB, r release.Release, dir string) {
	t.Helper()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
}

// holds checks that dir is r, intact, with nothing beside it.
func holds(t *testing.T, dir string, r release.Release) {
	t.Helper()
	got, err := release.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != r.Name || got.Tag != r.Tag || digest(t, got) != digest(t, r) {
		t.Errorf("there is %s:%s@%s, want %s:%s@%s", got.Name, got.Tag, digest(t, got), r.Name, r.Tag, digest(t, r))
	}
	alone(t, dir)
}

// alone checks that there is nothing in the directory of dir but dir.
func alone(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(dir) {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ name, tag, err string }{
		"short":              {"nginx-scratch", "static", ""},
		"with a registry":    {"ghcr.io/someone/nginx-scratch", "1.26.3-static", ""},
		"with a port":        {"localhost:5000/nginx-scratch", "static", ""},
		"no name":            {"", "static", "release name"},
		"no tag":             {"nginx-scratch", "", "release tag"},
		"upper case":         {"NGINX", "static", "release name"},
		"name with a tag":    {"nginx-scratch:static", "static", `write it as "nginx-scratch"`},
		"name not familiar":  {"docker.io/library/nginx-scratch", "static", `write it as "nginx-scratch"`},
		"tag with a slash":   {"nginx-scratch", "../static", "release tag"},
		"tag with a newline": {"nginx-scratch", "static\n", "release tag"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sample(t, "a")
			r.Name, r.Tag = tc.name, tc.tag
			dir := filepath.Join(t.TempDir(), "static")
			err := r.Write(dir)
			switch {
			case tc.err == "" && err == nil:
				holds(t, dir, r)
			case tc.err == "" || err == nil || !strings.Contains(err.Error(), tc.err):
				t.Errorf("got %v, want %q", err, tc.err)
			default:
				if _, err := os.Lstat(dir); err == nil {
					t.Error("a refused release was written")
				}
			}
		})
	}
}
