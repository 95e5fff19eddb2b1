package release_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nginx-scratch/nginx-scratch/images/release"
)

func TestWriteMakesALayoutForOtherTools(t *testing.T) {
	t.Parallel()
	r := sample(t, "a")
	dir := filepath.Join(t.TempDir(), "dist", "static") // "dist" is made too
	write(t, r, dir)
	holds(t, dir, r)

	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Manifests) != 1 || m.Manifests[0].Digest.String() != digest(t, r) {
		t.Fatalf("index.json is %+v", m)
	}
	for key, want := range map[string]string{
		"org.opencontainers.image.ref.name": "static",
		"io.containerd.image.name":          "docker.io/library/nginx-scratch:static",
	} {
		if got := m.Manifests[0].Annotations[key]; got != want {
			t.Errorf("annotation %s is %q, want %q", key, got, want)
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if want := fs.FileMode(0o644); err == nil && !d.IsDir() && info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWriteReplacesOrLeaves(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "static")
	stat := func() fs.FileInfo {
		t.Helper()
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	a, b := sample(t, "a"), sample(t, "b")
	write(t, a, dir)
	first := stat()
	write(t, a, dir)
	if !os.SameFile(first, stat()) {
		t.Error("the same release was written again")
	}
	write(t, b, dir)
	holds(t, dir, b)
	b.Tag = "alpine"
	write(t, b, dir)
	holds(t, dir, b)

	blobs := filepath.Join(dir, "blobs", "sha256")
	blob := filepath.Join(blobs, strings.TrimPrefix(digest(t, b), "sha256:"))
	if err := os.WriteFile(blob, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, b, dir)
	holds(t, dir, b)
	if entries, err := os.ReadDir(blobs); err != nil || len(entries) != 1+2+2+1 { // index, manifests, configs, the shared layer
		t.Errorf("%d blobs (%v), want 6: the old ones must be gone", len(entries), err)
	}
}

func TestWriteRefusesWhatIsNotALayout(t *testing.T) {
	t.Parallel()
	file := func(t *testing.T, path string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("mine"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		prepare func(t *testing.T, dir, precious string)
		want    string
	}{
		"symlink to a layout": {func(t *testing.T, dir, precious string) {
			t.Helper()
			write(t, sample(t, "old"), precious+"-layout")
			if err := os.Symlink(precious+"-layout", dir); err != nil {
				t.Fatal(err)
			}
		}, "not a directory"},
		"symlink to a directory": {func(t *testing.T, dir, precious string) {
			t.Helper()
			if err := os.Symlink(filepath.Dir(precious), dir); err != nil {
				t.Fatal(err)
			}
		}, "not a directory"},
		"dangling symlink": {func(t *testing.T, dir, _ string) {
			t.Helper()
			if err := os.Symlink("nowhere", dir); err != nil {
				t.Fatal(err)
			}
		}, "not a directory"},
		"file": {func(t *testing.T, dir, _ string) {
			t.Helper()
			file(t, dir)
		}, "not a directory"},
		"other directory": {func(t *testing.T, dir, _ string) {
			t.Helper()
			file(t, filepath.Join(dir, "thesis.tex"))
		}, `not an OCI layout, for it has "thesis.tex"`},
		"layout with more in it": {func(t *testing.T, dir, _ string) {
			t.Helper()
			write(t, sample(t, "old"), dir)
			file(t, filepath.Join(dir, "thesis.tex"))
		}, `not an OCI layout, for it has "thesis.tex"`},
		"empty directory": {func(t *testing.T, dir, _ string) {
			t.Helper()
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "has no oci-layout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			precious := filepath.Join(t.TempDir(), "precious")
			file(t, precious)
			dir := filepath.Join(t.TempDir(), "static")
			tc.prepare(t, dir, precious)
			before, err := os.Lstat(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := sample(t, "new").Write(dir); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if after, err := os.Lstat(dir); err != nil || !os.SameFile(before, after) {
				t.Errorf("what was there is replaced (%v)", err)
			}
			if data, err := os.ReadFile(precious); err != nil || string(data) != "mine" {
				t.Errorf("the precious file is %q (%v)", data, err)
			}
			alone(t, dir)
		})
	}
}

func TestWriteRemovesLeftovers(t *testing.T) {
	t.Parallel()
	precious := t.TempDir()
	if err := os.WriteFile(filepath.Join(precious, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "static")
	half := filepath.Join(filepath.Dir(dir), ".static.nginx-scratch-new", "blobs", "sha256")
	if err := errors.Join(os.MkdirAll(half, 0o700), os.WriteFile(filepath.Join(half, "0123"), []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, filepath.Join(filepath.Dir(dir), ".static.nginx-scratch-old")); err != nil {
		t.Fatal(err)
	}
	r := sample(t, "a")
	write(t, r, dir)
	holds(t, dir, r)
	if _, err := os.Stat(filepath.Join(precious, "file")); err != nil {
		t.Error("a symlink was followed:", err)
	}
}

// brokenLayer fails when its bytes are read, as a file on a bad disk does.
type brokenLayer struct{ v1.Layer }

func (brokenLayer) Compressed() (io.ReadCloser, error) { return nil, errors.New("the disk is on fire") }

// lyingLayer has other bytes than its digest says.
type lyingLayer struct{ v1.Layer }

func (l lyingLayer) Compressed() (io.ReadCloser, error) {
	size, err := l.Size()
	return io.NopCloser(strings.NewReader(strings.Repeat("x", int(size)))), err
}

func TestWriteKeepsTheOldOnError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(v1.Layer) v1.Layer
		want  string
	}{
		"unreadable layer": {func(l v1.Layer) v1.Layer { return brokenLayer{l} }, "the disk is on fire"},
		"wrong bytes":      {func(l v1.Layer) v1.Layer { return lyingLayer{l} }, "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old, bad := sample(t, "old"), sample(t, "new")
			dir := filepath.Join(t.TempDir(), "static")
			write(t, old, dir)
			m, err := bad.Index.IndexManifest()
			if err != nil {
				t.Fatal(err)
			}
			img, err := bad.Index.Image(m.Manifests[0].Digest)
			if err != nil {
				t.Fatal(err)
			}
			layers, err := img.Layers()
			if err != nil {
				t.Fatal(err)
			}
			if img, err = mutate.AppendLayers(img, tc.spoil(layers[0])); err != nil {
				t.Fatal(err)
			}
			bad.Index = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})
			if err := bad.Write(dir); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			holds(t, dir, old)
		})
	}
	dir := filepath.Join(t.TempDir(), "static")
	if err := (release.Release{Name: "a", Tag: "b"}).Write(dir); err == nil || !strings.Contains(err.Error(), "no index") {
		t.Errorf("got %v for a release without an index", err)
	}
}

func TestWritersWaitForEachOther(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "static")
	releases := []release.Release{sample(t, "a"), sample(t, "b"), sample(t, "c")}
	var wg sync.WaitGroup
	for _, r := range releases {
		for range 4 {
			wg.Go(func() {
				if err := r.Write(dir); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	got, err := release.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, dir, got)
}
