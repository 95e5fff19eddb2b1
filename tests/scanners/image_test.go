package scanners

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// repository is the checkout whose image is scanned. Its absolute path is in the
// variable when `mage test` runs this.
var repository = cmp.Or(os.Getenv("NGINX_SCRATCH_REPOSITORY"), filepath.Join("..", ".."))

const definition = "static"

// published is what the image is called when it is published: claims are made of
// that.
const published = "ghcr.io/nginx-scratch/nginx-scratch:" + definition

// imageLayout is the OCI layout that a build has written.
func imageLayout(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(repository, "dist", definition, "oci"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); err != nil {
		t.Fatalf("there is no image, run mage build: %v", err)
	}
	return dir
}

// imageArchive is the same as a file for `docker load`, with the name that it is
// published under.
func imageArchive(t *testing.T) string {
	t.Helper()
	outer, err := layout.ImageIndexFromPath(imageLayout(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := outer.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	inner, err := outer.ImageIndex(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = inner.IndexManifest(); err != nil {
		t.Fatal(err)
	}
	image, err := inner.Image(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(published)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := tarball.WriteToFile(file, tag, image); err != nil {
		t.Fatal(err)
	}
	return file
}

// document is one of those that a build has written beside the layout.
func document(t *testing.T, suffix string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "dist", definition, definition+"-*"+suffix))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no document *%s, run mage build: %v", suffix, err)
	}
	file, err := filepath.Abs(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// locked are the versions of the components, by name.
func locked(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "images", definition+".lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, c := range lock.Components {
		versions[c.Name] = c.Version
	}
	for _, name := range []string{"nginx", "openssl", "pcre2", "zlib", "musl"} {
		if versions[name] == "" {
			t.Fatalf("the lock has no %s: what is to be found?", name)
		}
	}
	return versions
}
