package publish_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// sample makes an image that differs with content.
func sample(t *testing.T, content string) v1.Image {
	t.Helper()
	tr := tree.New()
	if err := tr.Add(tree.File{Path: "etc/motd", Mode: 0o644, Data: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	img, err := oci.Image(tr, oci.Config{
		Platform:     v1.Platform{OS: "linux", Architecture: "amd64"},
		Created:      time.Unix(1_700_000_000, 0),
		User:         "65532:65532",
		ExposedPorts: []string{"8080/tcp"},
		StopSignal:   "SIGQUIT",
		WorkingDir:   "/",
		Entrypoint:   []string{"/usr/sbin/nginx"},
		Cmd:          []string{"-g", "daemon off;"},
		Env:          []string{"PATH=/usr/sbin"},
		Labels:       map[string]string{"org.opencontainers.image.title": "nginx-scratch"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// ids are the digests of an image's configuration and manifest.
func ids(t *testing.T, img v1.Image) (config, manifest string) {
	t.Helper()
	c, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	m, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return c.String(), m.String()
}

// One archive has to read as the same image in both formats.
func TestArchiveReadsBothWays(t *testing.T) {
	t.Parallel()
	img := sample(t, "a")
	config, manifest := ids(t, img)
	tag, err := publish.ParseTag("nginx-scratch-devtest:a")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := publish.Archive(img, tag)
	if err != nil {
		t.Fatal(err)
	}

	docker, err := name.NewTag("nginx-scratch-devtest:a")
	if err != nil {
		t.Fatal(err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil }
	legacy, err := tarball.Image(open, &docker)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(legacy); err != nil {
		t.Error(err)
	}
	if got, _ := ids(t, legacy); got != config {
		t.Errorf("manifest.json leads to configuration %s, want %s", got, config)
	}

	index, err := layout.ImageIndexFromPath(unpack(t, archive))
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
	if len(m.Manifests) != 1 || m.Manifests[0].Digest.String() != manifest ||
		m.Manifests[0].Annotations["io.containerd.image.name"] != "docker.io/library/nginx-scratch-devtest:a" {
		t.Errorf("index.json has %+v, want one entry, %s", m.Manifests, manifest)
	}
}

func unpack(t *testing.T, archive []byte) string {
	t.Helper()
	dir := t.TempDir()
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// unreadable is an image whose layers cannot be read.
type unreadable struct{ v1.Image }

func (unreadable) LayerByDigest(v1.Hash) (v1.Layer, error) {
	return nil, errors.New("the disk is on fire")
}

func TestArchiveReportsAnUnreadableLayer(t *testing.T) {
	t.Parallel()
	tag, err := publish.ParseTag("nginx-scratch-devtest:a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := publish.Archive(unreadable{sample(t, "a")}, tag); err == nil || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("got %v", err)
	}
}

func TestParseTag(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"nginx-scratch:static":                  "docker.io/library/nginx-scratch:static",
		"localhost:5000/a/b:1.26.3":             "localhost:5000/a/b:1.26.3",
		"nginx-scratch":                         "",
		"":                                      "",
		"Nginx:static":                          "",
		"../../containers/json?x=:a":            "",
		"nginx-scratch:static\r\nHost:x":        "",
		"a:b@sha256:" + strings.Repeat("0", 64): "",
		strings.Repeat("0", 64):                 "",
	} {
		got, err := publish.ParseTag(tag)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q was taken as %s", tag, got)
		case want != "" && (err != nil || got.String() != want):
			t.Errorf("%q is %v (%v), want %s", tag, got, err, want)
		}
	}
}
