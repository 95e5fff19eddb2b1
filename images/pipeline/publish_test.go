package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// house is a checkout whose static image has small inputs, a mirror of them,
// and a cache.
type house struct{ Options }

func newHouse(t *testing.T) house {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "small.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit := strings.NewReplacer("name: small", "name: static", "name: musl", "name: nginx", "version: 1.2.5", "version: 1.26.3")
	put("repo/images/static.yaml", []byte(edit.Replace(string(text))))
	input := func(file, content string) images.Input {
		put("mirror/"+file, []byte(content))
		sum := sha256.Sum256([]byte(content))
		return images.Input{
			File: file, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)),
			Places: []string{"https://mirror.example.com/" + file},
		}
	}
	lock := images.Lock{Definition: "static", SourceDateEpoch: 1_700_000_000, Components: []images.LockedComponent{
		{Name: "nginx", Version: "1.26.3", Source: input("nginx.tar.gz", "nginx")},
		{Name: "openssl", Version: "3.5.7", Source: input("openssl.tar.gz", "openssl"), Patches: &images.Series{
			Revision: "3.5.7-1", Archive: input("openssl.debian.tar.xz", "patches"),
			Patches: []images.Patch{{File: "man.patch", SHA256: strings.Repeat("d", 64)}},
		}},
	}}
	data, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	put("repo/images/static.lock.json", data)
	h := house{Options{
		Repository: filepath.Join(dir, "repo"), Name: "static", Jobs: 1, Stderr: io.Discard,
		Now: func() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) },
	}}
	h.Env = h.with(filepath.Join(dir, "cache"), fileURL(filepath.Join(dir, "mirror")))
	return h
}

// with is an environment with a cache and a mirror.
func (house) with(cache, mirror string) Environment {
	return environment(map[string]string{cacheVariable: cache, sourceVariable: mirror, debianVariable: "file:///nowhere"})
}

// build writes the image as a build does, but compiles nothing.
func (h house) build(t *testing.T) {
	t.Helper()
	h.write(t, tree.New())
}

// write writes an image of these files, with documents beside it.
func (h house) write(t *testing.T, files *tree.Tree, documents ...release.Document) *builder {
	t.Helper()
	b := &builder{Options: h.Options}
	b.ImageName = project
	if err := b.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.chooseOrigin()
	config, err := b.config(hostPlatform())
	if err != nil {
		t.Fatal(err)
	}
	img, err := oci.Image(files, config)
	if err != nil {
		t.Fatal(err)
	}
	index, err := oci.Index(img)
	if err != nil {
		t.Fatal(err)
	}
	b.rel = release.Release{Name: project, Tag: "static", Index: index, Documents: documents}
	if err := errors.Join(b.rel.Write(b.layout()), b.rel.WriteDocuments(b.dist())); err != nil {
		t.Fatal(err)
	}
	return b
}

// serve starts a registry and returns a repository in it.
func serve(t *testing.T, referrers bool) string {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)
	server := httptest.NewUnstartedServer(registry.New(registry.WithReferrersSupport(referrers), registry.Logger(quiet)))
	server.Config.ErrorLog = quiet // https is tried first
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String() + "/somebody/nginx-scratch"
}

func tagsOf(t *testing.T, repository string) []string {
	t.Helper()
	repo, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	list, err := remote.List(repo)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(tag string) bool { return strings.HasPrefix(tag, "sha256-") })
}

// An image is published with its inputs, and whoever has nothing but its
// reference gets them all, without any mirror.
func TestPublishAndBuildFromIt(t *testing.T) {
	t.Parallel()
	for _, referrers := range []bool{true, false} {
		h, repository := newHouse(t), serve(t, referrers)
		h.build(t)
		got, err := Publish(t.Context(), h.Options, Publication{Reference: repository, Latest: true, Nightly: true})
		if err != nil || !strings.HasPrefix(got, repository+"@sha256:") {
			t.Fatalf("got %q, %v", got, err)
		}
		if tags := tagsOf(t, repository); !slices.Equal(tags, []string{"1.26.3", "1.26.3-20261126", "latest", "nightly"}) {
			t.Errorf("tags %q", tags)
		}
		again, err := Publish(t.Context(), h.Options, Publication{Reference: repository + ":own"})
		if err != nil || again != got {
			t.Errorf("got %q, %v", again, err)
		}
		// The bundle by itself, for whoever looks for it by hand.
		digest, err := name.NewDigest(got)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := remote.Referrers(digest)
		if err != nil {
			t.Fatal(err)
		}
		index, err := listed.IndexManifest()
		if err != nil || len(index.Manifests) != 1 {
			t.Fatalf("%d referrers, %v", len(index.Manifests), err)
		}
		artifact := repository + "@" + index.Manifests[0].Digest.String()
		folder := filepath.Join(h.Repository, "dist", "static", inputsFolder)
		b := builder{Options: h.Options}
		b.ImageName = project
		if err := b.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.chooseOrigin()
		if err := b.origin.keep(); err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{got, repository + ":own", repository, artifact, folder} {
			b.Inputs, b.Env = from, h.with(t.TempDir(), "")
			if err := b.bring(t.Context()); err != nil {
				t.Errorf("from %s: %v", from, err)
			}
			items, err := b.origin.inputs(t.Context(), nil) // fetches, if there were anything to fetch
			if err != nil || len(items) != 3 {
				t.Errorf("from %s: %d inputs, %v", from, len(items), err)
			}
		}
		// INPUTS_BUNDLE does the same for a folder.
		b.Inputs, b.Env = "", environment(map[string]string{cacheVariable: t.TempDir(), debianVariable: "file:///nowhere", bundleVariable: folder})
		if _, err := b.origin.inputs(t.Context(), nil); err != nil {
			t.Errorf("from %s: %v", bundleVariable, err)
		}
	}
}

func TestBringRefuses(t *testing.T) {
	t.Parallel()
	h, repository := newHouse(t), serve(t, true)
	b := builder{Options: h.Options}
	if err := b.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("x"))
	file, other := filepath.Join(t.TempDir(), "x"), filepath.Join(t.TempDir(), "other.oci")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := bundle.Write(other, "other", "inputs", []bundle.Item{{Name: "x", SHA256: hex.EncodeToString(sum[:]), Size: 1, Path: file}})
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{
		other:                          "has none of the inputs of images/static.lock.json",
		t.TempDir():                    "it is no OCI layout",
		filepath.Join(other, "nobody"): "it is no folder, and no reference",
		repository:                     "does not have it",
	} {
		b.Inputs = from
		if err := b.bring(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("from %s: got %v, want %s", from, err, want)
		}
	}
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	const reference = "registry.example.com/nginx-scratch"
	blob := func(h house) string {
		found, err := filepath.Glob(filepath.Join(h.Repository, "dist/static/oci/blobs/sha256/*"))
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		return found[0]
	}
	for _, c := range []struct {
		name   string
		to     Publication
		change func(h house) error
		want   []string
	}{
		{"a digest", Publication{Reference: reference + "@sha256:" + strings.Repeat("a", 64)}, nil, []string{"has a digest"}},
		{"no reference", Publication{Reference: "https://registry.example.com/nginx"}, nil, []string{"it must be like registry.example.com/nginx-scratch"}},
		{"a tag and latest", Publication{Reference: reference + ":1", Latest: true}, nil, []string{"has a tag"}},
		{"not built", Publication{Reference: reference}, func(h house) error {
			return os.RemoveAll(filepath.Join(h.Repository, "dist"))
		}, []string{"there is nothing to publish", "`mage build static -base alpine` or `mage build static -base host`"}},
		{"damaged", Publication{Reference: reference}, func(h house) error {
			return os.WriteFile(blob(h), []byte("x"), 0o600)
		}, []string{"is damaged", "mage build static -base host"}},
		{"another lock", Publication{Reference: reference}, func(h house) error {
			path := filepath.Join(h.Repository, "images/static.lock.json")
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, []byte(strings.Replace(string(data), "1700000000", "1700000001", 1)), 0o600)
		}, []string{"is not what images/static.lock.json says now", "created", "mage build static"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.build(t)
			if c.change != nil {
				if err := c.change(h); err != nil {
					t.Fatal(err)
				}
			}
			got, err := Publish(t.Context(), h.Options, c.to)
			for _, want := range c.want {
				if err == nil || got != "" || !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, %v, want %s", got, err, want)
				}
			}
		})
	}
}
