package release_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/release"
)

func TestOpenRefusesAnyDamage(t *testing.T) {
	t.Parallel()
	damages := map[string]func(path string, data []byte) error{
		"flipped bit": func(path string, data []byte) error {
			data[len(data)/2] ^= 1
			return os.WriteFile(path, data, 0o600)
		},
		"cut short": func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)-1], 0o600) },
		"emptied":   func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"longer": func(path string, data []byte) error {
			return os.WriteFile(path, append(data, 0), 0o600)
		},
		"missing": func(path string, _ []byte) error { return os.Remove(path) },
		"symlink to the same bytes": func(path string, _ []byte) error {
			elsewhere := filepath.Join(filepath.Dir(path), "elsewhere")
			if err := os.Rename(path, elsewhere); err != nil {
				return err
			}
			return os.Symlink(elsewhere, path)
		},
	}
	pristine := filepath.Join(t.TempDir(), "static")
	write(t, sample(t, "a"), pristine)
	blobs, err := os.ReadDir(filepath.Join(pristine, "blobs", "sha256"))
	if err != nil || len(blobs) != 6 {
		t.Fatalf("%d blobs (%v), want 6", len(blobs), err)
	}
	for name, damage := range damages {
		for _, blob := range blobs {
			t.Run(name+" "+blob.Name()[:8], func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "static")
				write(t, sample(t, "a"), dir)
				path := filepath.Join(dir, "blobs", "sha256", blob.Name())
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := damage(path, data); err != nil {
					t.Fatal(err)
				}
				if _, err := release.Open(dir); err == nil {
					t.Error("it was opened")
				} else if !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), blob.Name()) {
					t.Errorf("error %q names not both directory and blob", err)
				}
			})
		}
	}
}

func TestOpenRefusesBadTopFiles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, old, new, want string }{
		"other version":        {"oci-layout", "1.0.0", "2.0.0", `version "2.0.0"`},
		"no JSON":              {"oci-layout", "{", "", "oci-layout"},
		"truncated index":      {"index.json", "]}", "]", "index.json"},
		"no entries":           {"index.json", `"manifests":[`, `"manifests":[],"x":[`, "0 entries"},
		"image as entry":       {"index.json", "image.index.v1+json\",\"size", "image.manifest.v1+json\",\"size", "an image index"},
		"wrong size":           {"index.json", `"size":`, `"size":1`, "is damaged"},
		"short digest":         {"index.json", "sha256:", "sha256:00", "hex digits"},
		"other algorithm":      {"index.json", "sha256:", "md5:", "md5"},
		"path as digest":       {"index.json", "sha256:", "sha256:../../", "non-hex"},
		"longer hash":          {"index.json", "sha256:", "sha512:", "hex digits"},
		"unknown blob":         {"index.json", "sha256:", "sha256:" + strings.Repeat("0", 64) + `","was":"`, "no such file"},
		"other tag":            {"index.json", `ref.name":"static`, `ref.name":"alpine`, "do not agree"},
		"no tag":               {"index.json", `"static"`, `""`, "do not agree"},
		"no name":              {"index.json", "io.containerd.image.name", "x", "io.containerd.image.name"},
		"name that is no name": {"index.json", "docker.io/library/", "docker.io//", "io.containerd.image.name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "static")
			write(t, sample(t, "a"), dir)
			path := filepath.Join(dir, tc.file)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(data), tc.old, tc.new, 1)
			if changed == string(data) {
				t.Fatalf("%q is not in %s", tc.old, data)
			}
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := release.Open(dir); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := release.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not an OCI layout") {
		t.Errorf("got %v for an empty directory", err)
	}
}

// FuzzOpen gives any index.json to a layout that is intact otherwise: it is
// refused, or leads to the one index there is.
func FuzzOpen(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "static")
	r := sample(f, "a")
	write(f, r, dir)
	want := digest(f, r)
	index := filepath.Join(dir, "index.json")
	good, err := os.ReadFile(index)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"manifests":[{}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(index, data, fs.FileMode(0o600)); err != nil {
			t.Fatal(err)
		}
		if got, err := release.Open(dir); err == nil && digest(t, got) != want {
			t.Errorf("opened %s", digest(t, got))
		}
	})
}
