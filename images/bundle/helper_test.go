package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	testName = "nginx-scratch-inputs"
	testTag  = "alpine"
)

// item makes a file and the item that describes it.
func item(t testing.TB, platform, name, content string) Item {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	it := Item{Name: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)), Platform: platform}
	it.Path = filepath.Join(t.TempDir(), "file")
	put(t, it.Path, content)
	return it
}

func put(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sample is the inputs of two platforms, of which one is the same, and a key.
func sample(t testing.TB) []Item {
	t.Helper()
	return []Item{
		item(t, "", "alpine.rsa.pub", "key"),
		item(t, "linux/amd64", "musl-1.2.5-r10.apk", "musl for amd64"),
		item(t, "linux/amd64", "mailcap-2.1.54-r0.apk", "for all"),
		item(t, "linux/arm64", "musl-1.2.5-r10.apk", "musl for arm64"),
		item(t, "linux/arm64", "mailcap-2.1.54-r0.apk", "for all"),
	}
}

func write(t testing.TB, dir string, items ...Item) {
	t.Helper()
	if err := Write(dir, testName, testTag, items); err != nil {
		t.Fatal(err)
	}
}

// written is a new bundle of sample.
func written(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "inputs.oci")
	write(t, dir, sample(t)...)
	return dir
}

// refused wants an error with all of what it must say.
func refused(t *testing.T, err error, want ...string) {
	t.Helper()
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("got %v, want %q", err, w)
		}
	}
}

// forge writes a layout by hand, in which every digest is right.
type forge struct {
	t   testing.TB
	dir string
}

func newForge(t testing.TB) forge {
	t.Helper()
	f := forge{t, t.TempDir()}
	put(t, filepath.Join(f.dir, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`)
	return f
}

// add puts a blob.
func (f forge) add(kind types.MediaType, content []byte) v1.Descriptor {
	f.t.Helper()
	sum := sha256.Sum256(content)
	d := v1.Descriptor{MediaType: kind, Size: int64(len(content)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
	put(f.t, filepath.Join(f.dir, blobPath(d.Digest)), string(content))
	return d
}

func (f forge) addJSON(kind types.MediaType, v any) v1.Descriptor {
	f.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.add(kind, data)
}

// top writes index.json.
func (f forge) top(entries ...v1.Descriptor) {
	f.t.Helper()
	data, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, Manifests: entries})
	if err != nil {
		f.t.Fatal(err)
	}
	put(f.t, filepath.Join(f.dir, "index.json"), string(data))
}
