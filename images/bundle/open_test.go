package bundle

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var update = flag.Bool("update", false, "write what is made to testdata")

// Whatever happens to any file of a bundle, it is refused.
func TestOpenRefusesDamage(t *testing.T) {
	t.Parallel()
	damages := map[string]func(path string, data []byte) error{
		"flipped bit": func(path string, data []byte) error {
			data[len(data)/2] ^= 1
			return os.WriteFile(path, data, 0o600)
		},
		"cut short": func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)-1], 0o600) },
		"longer":    func(path string, data []byte) error { return os.WriteFile(path, append(data, 'x'), 0o600) },
		"missing":   func(path string, _ []byte) error { return os.Remove(path) },
		"symlink to the same bytes": func(path string, _ []byte) error {
			if err := os.Rename(path, path+"x"); err != nil {
				return err
			}
			return os.Symlink(filepath.Base(path)+"x", path)
		},
	}
	pristine := written(t)
	for name := range contents(t, pristine) {
		for damage, do := range damages {
			t.Run(damage+" "+filepath.Base(name), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "inputs.oci")
				if err := os.CopyFS(dir, os.DirFS(pristine)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dir, name)
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := do(path, data); err != nil {
					t.Fatal(err)
				}
				_, err = Open(dir)
				if name == "index.json" && damage == "flipped bit" && err == nil {
					t.Skip("a bit of an annotation means nothing")
				}
				refused(t, err, "opening the bundle "+dir, filepath.Base(name), "copy it here again")
			})
		}
	}
}

// A damaged item is named.
func TestOpenNamesTheItem(t *testing.T) {
	t.Parallel()
	dir := written(t)
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	it := b.Items()[2]
	put(t, it.Path, "MUSL for amd64")
	_, err = Open(dir)
	refused(t, err, `platform "linux/amd64"`, `item "musl-1.2.5-r10.apk"`, it.SHA256)
}

// good is a manifest of one layer.
func (f forge) good() v1.Manifest {
	f.t.Helper()
	layer := f.add(packageType, []byte("bytes"))
	layer.Annotations = map[string]string{titleAnnotation: "a.apk"}
	return v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: ArtifactType,
		Config: f.add(types.OCIEmptyJSON, []byte("{}")), Layers: []v1.Descriptor{layer},
	}
}

func TestOpenRefusesForgeries(t *testing.T) {
	t.Parallel()
	one := func(change func(f forge, m *v1.Manifest)) func(f forge) {
		return func(f forge) {
			m := f.good()
			change(f, &m)
			index := v1.IndexManifest{Manifests: []v1.Descriptor{f.addJSON(types.OCIManifestSchema1, m)}}
			f.top(f.addJSON(types.OCIImageIndex, index))
		}
	}
	many := func(n int, platform func(i int) *v1.Platform) func(f forge) {
		return func(f forge) {
			d := f.addJSON(types.OCIManifestSchema1, f.good())
			var index v1.IndexManifest
			for i := range n {
				d.Platform = platform(i)
				index.Manifests = append(index.Manifests, d)
			}
			f.top(f.addJSON(types.OCIImageIndex, index))
		}
	}
	same := func(int) *v1.Platform { return &v1.Platform{OS: "linux", Architecture: "arm64"} }
	different := func(i int) *v1.Platform { return &v1.Platform{OS: "linux", Architecture: fmt.Sprint("a", i)} }
	for _, c := range []struct {
		name  string
		forge func(f forge)
		want  string
	}{
		{"good", one(func(forge, *v1.Manifest) {}), ""},
		{"many platforms", many(100, different), ""},
		{"too many platforms", many(101, different), "101 manifests, more than 100"},
		{"a platform twice", many(2, same), `two manifests are for platform "linux/arm64"`},
		{"half a platform", many(1, func(int) *v1.Platform { return &v1.Platform{OS: "linux"} }), "is not like linux/amd64"},
		{"no manifests", many(0, same), "it has no items"},
		{"no layers", one(func(_ forge, m *v1.Manifest) { m.Layers = nil }), "it has no items"},
		{"other artifact", one(func(_ forge, m *v1.Manifest) { m.ArtifactType = "application/x" }), "it is not a bundle of inputs"},
		{"image", one(func(_ forge, m *v1.Manifest) { m.ArtifactType = "" }), "it is not a bundle of inputs"},
		{"configuration of an image", one(func(_ forge, m *v1.Manifest) { m.Config.MediaType = types.OCIConfigJSON }), "its configuration is of type"},
		{"configuration that is no JSON", one(func(f forge, m *v1.Manifest) { m.Config = f.add(types.OCIEmptyJSON, []byte("x")) }), "reading the configuration"},
		{"configuration that is not there", one(func(_ forge, m *v1.Manifest) { m.Config.Digest.Hex = strings.Repeat("0", 64) }), "no such file"},
		{"no title", one(func(_ forge, m *v1.Manifest) { m.Layers[0].Annotations = nil }), `layer 1: "" is not the name of a file`},
		{"path as title", one(func(_ forge, m *v1.Manifest) { m.Layers[0].Annotations[titleAnnotation] = "../../etc/passwd" }), "is not the name of a file"},
		{"two of a title", one(func(_ forge, m *v1.Manifest) { m.Layers = append(m.Layers, m.Layers[0]) }), `two layers are "a.apk"`},
		{"wrong size", one(func(_ forge, m *v1.Manifest) { m.Layers[0].Size++ }), "has 5 bytes, not 6"},
		{"negative size", one(func(_ forge, m *v1.Manifest) { m.Layers[0].Size = -5 }), "not positive"},
		{"two sizes of a blob", one(func(_ forge, m *v1.Manifest) {
			l := m.Layers[0]
			l.Size, l.Annotations = 4, map[string]string{titleAnnotation: "b.apk"}
			m.Layers = append(m.Layers, l)
		}), `item "b.apk": blob `},
		{"manifest that is no JSON", func(f forge) {
			index := v1.IndexManifest{Manifests: []v1.Descriptor{f.add(types.OCIManifestSchema1, []byte("{"))}}
			f.top(f.addJSON(types.OCIImageIndex, index))
		}, `reading the manifest for platform ""`},
		{"index in an index", func(f forge) {
			index := v1.IndexManifest{Manifests: []v1.Descriptor{f.addJSON(types.OCIImageIndex, v1.IndexManifest{})}}
			f.top(f.addJSON(types.OCIImageIndex, index))
		}, "its type is"},
		{"large index", func(f forge) { f.top(f.add(types.OCIImageIndex, make([]byte, maxJSON+1))) }, "more than 4194304"},
		{"large index.json", func(f forge) { put(f.t, filepath.Join(f.dir, "index.json"), strings.Repeat(" ", maxJSON+1)) }, "not a regular file of up to"},
		{"no entry", func(f forge) { f.top() }, "it has 0 entries"},
		{"two entries", func(f forge) { d := f.add("x", []byte("x")); f.top(d, d) }, "it has 2 entries"},
		{"artifact at the top", func(f forge) { f.top(f.addJSON(types.OCIManifestSchema1, f.good())) }, ""},
		{"empty artifact at the top", func(f forge) {
			m := f.good()
			m.Layers = nil
			f.top(f.addJSON(types.OCIManifestSchema1, m))
		}, "it has no items"},
		{"image at the top", func(f forge) {
			m := f.good()
			m.ArtifactType = ""
			f.top(f.addJSON(types.OCIManifestSchema1, m))
		}, "it is not a bundle of inputs"},
		{"something else at the top", func(f forge) { f.top(f.add("text/plain", []byte("x"))) }, `an entry of type "text/plain"`},
		{"no digest", func(f forge) {
			put(f.t, filepath.Join(f.dir, "index.json"), `{"manifests":[{"mediaType":"`+string(types.OCIImageIndex)+`"}]}`)
		}, "no sha256 digest"},
		{"path as digest", func(f forge) {
			put(f.t, filepath.Join(f.dir, "index.json"), `{"manifests":[{"digest":"sha256:../../../../../../etc/passwd"}]}`)
		}, "decoding index.json"},
		{"other version", func(f forge) { put(f.t, filepath.Join(f.dir, "oci-layout"), `{"imageLayoutVersion":"2.0.0"}`) }, `but "2.0.0"`},
		{"other JSON", func(f forge) { put(f.t, filepath.Join(f.dir, "oci-layout"), `[]`) }, "it is no OCI layout"},
		{"blobs elsewhere", func(f forge) {
			one(func(forge, *v1.Manifest) {})(f)
			elsewhere := f.t.TempDir()
			if err := os.Rename(filepath.Join(f.dir, "blobs"), filepath.Join(elsewhere, "b")); err != nil {
				f.t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(elsewhere, "b"), filepath.Join(f.dir, "blobs")); err != nil {
				f.t.Fatal(err)
			}
		}, "path escapes from parent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newForge(t)
			c.forge(f)
			if _, err := Open(f.dir); c.want != "" || err != nil {
				refused(t, err, c.want, f.dir)
			}
		})
	}
	_, err := Open(t.TempDir())
	refused(t, err, "it is no OCI layout")
	_, err = Open(filepath.Join(t.TempDir(), "none"))
	refused(t, err, "no such file")
}

// FuzzOpen gives any manifest, and any index.json, to a layout that is intact
// otherwise. Nothing that is opened leads out of the layout.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"ArtifactType":"`+ArtifactType+`"}`), []byte("{}"), false)
	f.Add([]byte("null"), []byte(`{"manifests":[{}]}`), true)
	g := newForge(f)
	good := g.addJSON(types.OCIManifestSchema1, g.good())
	data, err := os.ReadFile(filepath.Join(g.dir, blobPath(good.Digest)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, []byte("null"), false)
	f.Fuzz(func(t *testing.T, manifest, top []byte, useTop bool) {
		g := forge{t, g.dir}
		if useTop {
			put(t, filepath.Join(g.dir, "index.json"), string(top))
		} else {
			d := g.add(types.OCIManifestSchema1, manifest)
			g.top(g.addJSON(types.OCIImageIndex, v1.IndexManifest{Manifests: []v1.Descriptor{d}}))
		}
		b, err := Open(g.dir)
		if err != nil {
			return
		}
		for _, it := range b.Items() {
			if err := it.check(); err != nil || filepath.Dir(it.Path) != filepath.Join(g.dir, "blobs", "sha256") {
				t.Errorf("%+v: %v", it, err)
			}
		}
	})
}
