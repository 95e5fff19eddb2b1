package bundle

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestWriteAndOpen(t *testing.T) {
	t.Parallel()
	dir, items := filepath.Join(t.TempDir(), "dist", "inputs.oci"), sample(t)
	write(t, dir, items...)
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		want, err := os.ReadFile(it.Path)
		if err != nil {
			t.Fatal(err)
		}
		path, ok := b.Path(it.SHA256)
		if got, err := os.ReadFile(path); !ok || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %q at %s, %v (%v), want %q", it.Name, got, path, ok, err, want)
		}
	}
	if path, ok := b.Path(strings.Repeat("0", 64)); ok {
		t.Errorf("what is not there is at %s", path)
	}
	got := b.Items()
	for i := range got {
		got[i].Path = ""
	}
	for i := range items {
		items[i].Path = ""
	}
	slices.SortFunc(items, compare)
	if !slices.Equal(got, items) {
		t.Errorf("got %v\nwant %v", got, items)
	}
	blobs, err := os.ReadDir(filepath.Join(dir, "blobs", "sha256"))
	if err != nil || len(blobs) != 4+1+3+1 { // four different files, the configuration, manifests, the index
		t.Errorf("%d blobs (%v), want 9", len(blobs), err)
	}
}

// What other tools see: an index of artifacts as OCI 1.1 describes them.
func TestArtifact(t *testing.T) {
	t.Parallel()
	top, err := layout.ImageIndexFromPath(written(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(top); err != nil {
		t.Error(err)
	}
	m, err := top.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Manifests[0].Annotations["org.opencontainers.image.ref.name"]; len(m.Manifests) != 1 || got != testTag {
		t.Errorf("index.json is %+v", m)
	}
	index, err := top.ImageIndex(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = index.IndexManifest(); err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, d := range m.Manifests {
		name := "none"
		if d.Platform != nil {
			name = d.Platform.String()
		}
		platforms = append(platforms, name)
		if d.ArtifactType != ArtifactType {
			t.Errorf("%v has artifact type %q", d.Platform, d.ArtifactType)
		}
	}
	if want := []string{"none", "linux/amd64", "linux/arm64"}; !slices.Equal(platforms, want) {
		t.Fatalf("platforms %q, want %q", platforms, want)
	}
	image, err := index.Image(m.Manifests[1].Digest)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := image.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "manifest.json", raw)
}

func golden(t *testing.T, name string, data []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%s differs (%v): go test -update writes what is made:\n%s", path, err, &got)
	}
}

// The order of items, and where their files are, change nothing.
func TestReproducible(t *testing.T) {
	t.Parallel()
	var first map[string]string
	for i := range 3 {
		items := sample(t)
		items = append(items[i:], items[:i+1]...) // one of them twice
		dir := filepath.Join(t.TempDir(), "inputs.oci")
		write(t, dir, items...)
		got := contents(t, dir)
		if first == nil {
			first = got
		}
		if len(got) != len(first) {
			t.Errorf("%d files, not %d", len(got), len(first))
		}
		for name, content := range got {
			if first[name] != content {
				t.Errorf("%s differs", name)
			}
		}
	}
}

// contents reads all files below dir.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		found[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Nothing is written where nothing changed, even if the files are gone; and a
// bundle can be made again from itself.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	big := make([]byte, 8<<20)
	_, _ = rand.Read(big)
	dir, items := filepath.Join(t.TempDir(), "inputs.oci"), append(sample(t), item(t, "linux/amd64", "big.apk", string(big)))
	write(t, dir, items...)
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(items[0].Path); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	write(t, dir, items...)
	t.Logf("an unchanged bundle of 8 MiB: %v", time.Since(start))
	if after, err := os.Stat(dir); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was written again (%v)", err)
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	fewer := b.Items()[1:] // as they are in the bundle that is replaced
	write(t, dir, fewer...)
	if b, err = Open(dir); err != nil || len(b.Items()) != len(fewer) {
		t.Errorf("%d items (%v), want %d", len(b.Items()), err, len(fewer))
	}
}

// A file that is not what its item says is named, and what was there stays.
func TestWrongFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, it *Item)
		want  string
	}{
		"other bytes": {func(t *testing.T, it *Item) { t.Helper(); put(t, it.Path, "FOR ALL") }, "has sha256 "},
		"longer":      {func(t *testing.T, it *Item) { t.Helper(); put(t, it.Path, "for all.") }, "has 8 bytes, not 7"},
		"shorter":     {func(t *testing.T, it *Item) { t.Helper(); put(t, it.Path, "for al") }, "has 6 bytes, not 7"},
		"missing":     {func(_ *testing.T, it *Item) { it.Path += "x" }, "no such file"},
		"directory":   {func(_ *testing.T, it *Item) { it.Path = filepath.Dir(it.Path) }, "is not a regular file"},
		"pipe": {func(t *testing.T, it *Item) {
			t.Helper()
			it.Path += "x"
			if err := syscall.Mkfifo(it.Path, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "inputs.oci")
			old := item(t, "", "old", "old")
			write(t, dir, old)
			items := sample(t)
			c.spoil(t, &items[2])
			err := Write(dir, testName, testTag, items[:4]) // without the other file of the same bytes
			refused(t, err, dir, `item "mailcap-2.1.54-r0.apk"`, c.want)
			b, err := Open(dir)
			if err != nil || len(b.Items()) != 1 || b.Items()[0].SHA256 != old.SHA256 {
				t.Errorf("the old bundle is gone: %v, %v", b, err)
			}
		})
	}
}

func TestRefusedItems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(it *Item)
		want   string
	}{
		"no name":             {func(it *Item) { it.Name = "" }, "is not the name of a file"},
		"folder":              {func(it *Item) { it.Name = "a/b" }, "is not the name of a file"},
		"above":               {func(it *Item) { it.Name = ".." }, "is not the name of a file"},
		"here":                {func(it *Item) { it.Name = "." }, "is not the name of a file"},
		"backslash":           {func(it *Item) { it.Name = `..\a` }, "is not the name of a file"},
		"for terminals":       {func(it *Item) { it.Name = "a\x1b[2J" }, "is not the name of a file"},
		"long":                {func(it *Item) { it.Name = strings.Repeat("x", 256) }, "is not the name of a file"},
		"upper case":          {func(it *Item) { it.SHA256 = strings.ToUpper(it.SHA256) }, "64 lower-case"},
		"short":               {func(it *Item) { it.SHA256 = it.SHA256[2:] }, "64 lower-case"},
		"path as sha256":      {func(it *Item) { it.SHA256 = "../../" + it.SHA256[6:] }, "64 lower-case"},
		"no size":             {func(it *Item) { it.Size = 0 }, "not positive"},
		"no architecture":     {func(it *Item) { it.Platform = "linux" }, `platform "linux" is not like linux/amd64`},
		"too many parts":      {func(it *Item) { it.Platform = "linux/arm/v7/x" }, "is not like linux/amd64"},
		"two files of a name": {func(it *Item) { it.Name = "alpine.rsa.pub"; it.Platform = "" }, `item "alpine.rsa.pub" of platform "" is two files`},
		"two sizes of a file": {func(it *Item) { it.Name = "b"; it.SHA256 = item(t, "", "a", "for all").SHA256 }, "with the same sha256 has"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := sample(t)
			c.change(&items[1])
			dir := filepath.Join(t.TempDir(), "inputs.oci")
			refused(t, Write(dir, testName, testTag, items), dir, c.want)
			if _, err := os.Lstat(dir); err == nil {
				t.Error("something was written")
			}
		})
	}
	dir := filepath.Join(t.TempDir(), "inputs.oci")
	refused(t, Write(dir, testName, testTag, nil), "no items")
	refused(t, Write(dir, "BAD NAME", testTag, sample(t)), "release name")
}
