package tests

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// siteTag is a name for an image of one test, which is removed with what it was made of.
func siteTag(t *testing.T, name string) string {
	t.Helper()
	tag := fmt.Sprintf("nginx-scratch-devtest-%d:%s", os.Getpid(), name)
	removeSite(t, tag)
	return tag
}

// pages are a site; text is long enough to compress.
func pages() map[string]string {
	long := "<!DOCTYPE html>\n" + strings.Repeat("<p>All work and no play makes Jack a dull boy.</p>\n", 200)
	return map[string]string{
		"index.html": long, "app/app.js": strings.Repeat("let a = 1;\n", 500), "short.css": "a { }\n",
		"picture.png": strings.Repeat("\x00\x01\x02", 2000), "own.txt": strings.Repeat("own ", 500), "own.txt.gz": "not in this test",
		"Grüße.html": long,
	}
}

func TestSite(t *testing.T) {
	t.Parallel()
	contents := pages()
	delete(contents, "own.txt.gz")
	dir := directory(t, contents)
	require.NoError(t, os.Symlink("index.html", filepath.Join(dir, "home.html")))
	tag := siteTag(t, "site")
	require.Equal(t, tag+"\n", mage(t, "site", dir, "-image", definitionName(), "-tag", tag).succeed(t))
	s := start(t, image(tag))
	browser := dialer(t, s.addr(t, "8080/tcp"), nil)

	t.Run("compressed beforehand", func(t *testing.T) {
		for path, text := range map[string]string{
			"/": contents["index.html"], "/app/app.js": contents["app/app.js"], "/own.txt": contents["own.txt"], "/Gr%C3%BC%C3%9Fe.html": contents["Grüße.html"],
		} {
			got := fetch(t, browser, http.MethodGet, s.URL+path, "Accept-Encoding", "gzip")
			require.Equal(t, http.StatusOK, got.status, path)
			assert.Equal(t, "gzip", got.header.Get("Content-Encoding"), path)
			assert.Equal(t, "Accept-Encoding", got.header.Get("Vary"), path)
			assert.NotContains(t, got.header.Get("ETag"), "W/", "%s: a file has a strong one", path)
			assert.Equal(t, fmt.Sprint(len(got.body)), got.header.Get("Content-Length"), "%s: what is compressed on the way has no length", path)
			assert.Equal(t, text, unpack(t, got.body), path)
			plain := fetch(t, browser, http.MethodGet, s.URL+path, "Accept-Encoding", "identity")
			assert.Empty(t, plain.header.Get("Content-Encoding"), path)
			assert.Equal(t, text, plain.body, path)
			assert.Equal(t, plain.header.Get("Last-Modified"), got.header.Get("Last-Modified"), path)
		}
	})
	t.Run("as it is", func(t *testing.T) {
		for path, text := range map[string]string{"/picture.png": contents["picture.png"], "/short.css": contents["short.css"], "/home.html": contents["index.html"]} {
			got := fetch(t, browser, http.MethodGet, s.URL+path, "Accept-Encoding", "identity")
			assert.Equal(t, text, got.body, path)
		}
		got := fetch(t, browser, http.MethodGet, s.URL+"/picture.png", "Accept-Encoding", "gzip")
		assert.Empty(t, got.header.Get("Content-Encoding"))
	})
	t.Run("the default pages are gone", func(t *testing.T) {
		got := fetch(t, browser, http.MethodGet, s.URL+"/nothing")
		assert.Equal(t, http.StatusNotFound, got.status)
		assert.Equal(t, "Error 404\n", got.body)
	})
	t.Run("every lock is on", func(t *testing.T) {
		assertLocked(t, s)
		assertProcesses(t, s, "65532", "65532")
		diff, err := s.engine.ContainerDiff(t.Context(), s.GetContainerID(), client.ContainerDiffOptions{})
		require.NoError(t, err)
		assert.Empty(t, diff.Changes)
	})
	want := []string{
		"Grüße.html", "Grüße.html.gz", "app", "app/app.js", "app/app.js.gz", "home.html", "index.html", "index.html.gz",
		"own.txt", "own.txt.gz", "picture.png", "short.css",
	}
	t.Run("what the engine has", func(t *testing.T) {
		assert.Equal(t, want, below(t, s.export(t)))
	})
	t.Run("what docker save has, flattened", func(t *testing.T) {
		assert.Equal(t, want, below(t, flattened(t, s, tag)))
	})
}

// below are the names in the folder of pages, in which everything has to be root's.
func below(t *testing.T, entries []entry) []string {
	t.Helper()
	var names []string
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Path, "usr/share/nginx/html/")
		if !ok {
			continue
		}
		names = append(names, name)
		assert.Equal(t, [2]int{0, 0}, [2]int{e.UID, e.GID}, e)
		if e.Mode.Type() != os.ModeSymlink {
			assert.Zero(t, e.Mode.Perm()&0o022, e)
			assert.Equal(t, os.FileMode(0o444), e.Mode.Perm()&0o444, e)
		}
	}
	slices.Sort(names)
	return names
}

// flattened is what a program that puts the layers of an image together finds.
func flattened(t *testing.T, s *server, tag string) []entry {
	t.Helper()
	saved, err := s.engine.ImageSave(t.Context(), []string{tag})
	require.NoError(t, err)
	archive, err := os.Create(filepath.Join(t.TempDir(), "image.tar"))
	require.NoError(t, err)
	_, err = io.Copy(archive, saved)
	require.NoError(t, errors.Join(err, saved.Close(), archive.Close()))
	img, err := tarball.ImageFromPath(archive.Name(), nil)
	require.NoError(t, err)
	flat := mutate.Extract(img)
	defer flat.Close()
	var entries []entry
	for r := tar.NewReader(flat); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		require.NoError(t, err)
		entries = append(entries, entry{Path: strings.TrimSuffix(h.Name, "/"), Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid})
	}
}

// A configuration of one's own: names of servers that are known only where it will run,
// and compressed files only if it serves them.
func TestSiteWithAConfiguration(t *testing.T) {
	t.Parallel()
	dir := directory(t, pages())
	for name, tt := range map[string]struct {
		conf  string
		files []string
	}{
		"gzip_static": {
			"server { listen 8080; server_name a; root /usr/share/nginx/html; gzip_static on; gzip_vary on;\n" +
				"location /api/ { proxy_pass http://application:3000; } }",
			[]string{"Grüße.html", "Grüße.html.gz", "app", "app/app.js", "app/app.js.gz", "index.html", "index.html.gz", "own.txt", "own.txt.gz", "picture.png", "short.css"},
		},
		"none": {
			"server { listen 8080; server_name a; root /usr/share/nginx/html; }",
			[]string{"Grüße.html", "app", "app/app.js", "index.html", "own.txt", "own.txt.gz", "picture.png", "short.css"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tag := siteTag(t, strings.ToLower(name))
			run := mage(t, "site", dir, "-image", definitionName(), "-tag", tag, "-conf", directory(t, map[string]string{"mine.conf": tt.conf}))
			require.Equal(t, tag+"\n", run.succeed(t))
			if name == "none" {
				assert.Contains(t, run.stderr.String(), "no compressed files are made, for nothing says gzip_static on")
			} else {
				assert.Contains(t, run.stderr.String(), "own.txt.gz is not own.txt compressed")
			}
			// An address for the name: nginx does not start without one.
			s := start(t, image(tag), noWait())
			entries := s.export(t)
			assert.Equal(t, tt.files, below(t, entries))
			var confs []string
			for _, e := range entries {
				if conf, ok := strings.CutPrefix(e.Path, "etc/nginx/conf.d/"); ok {
					confs = append(confs, conf)
				}
			}
			assert.Equal(t, []string{"mine.conf"}, confs)
		})
	}
}

func TestSiteRefuses(t *testing.T) {
	t.Parallel()
	good := map[string]string{"a.conf": "server { listen 8080; root /usr/share/nginx/html; }"}
	for name, tt := range map[string]struct {
		site, conf map[string]string
		change     func(dir string) error
		want       []string
	}{
		"what the linter says": {
			pages(), map[string]string{"a.conf": "server { listen 8080; location /files { alias /srv/; } }"}, nil,
			[]string{"a.conf:1: error alias_traversal", "1 errors"},
		},
		"what nginx says": {
			pages(), map[string]string{"a.conf": "server {\n listen 8080;\n no_such_thing on;\n}"}, nil,
			[]string{`[emerg] 1#1: unknown directive "no_such_thing" in /etc/nginx/conf.d/a.conf:3`, "nginx refuses the configuration"},
		},
		"a certificate that is not there": {
			pages(), map[string]string{"a.conf": "server { listen 8443 ssl; ssl_certificate /etc/nginx/a.pem; ssl_certificate_key /etc/nginx/a.key; }"}, nil,
			[]string{`cannot load certificate "/etc/nginx/a.pem"`, "put that into the folder"},
		},
		"a link that leaves": {
			pages(), good, func(dir string) error { return os.Symlink("../../etc/passwd", dir+"/passwd") },
			[]string{`"passwd" is a link to "../../etc/passwd", which leaves the folder`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := directory(t, tt.site)
			if tt.change != nil {
				require.NoError(t, tt.change(dir))
			}
			tag := siteTag(t, "refused")
			said := mage(t, "site", dir, "-image", definitionName(), "-tag", tag, "-conf", directory(t, tt.conf)).fail(t)
			for _, want := range tt.want {
				assert.Contains(t, said, want)
			}
			_, err := os.Stat(repository(filepath.Join("dist", "site", strings.ReplaceAll(tag, ":", "+"))))
			assert.ErrorIs(t, err, os.ErrNotExist, "an image that is refused is not written")
		})
	}
}

// What is on disk names what it was made on top of, and is the same the next time.
func TestSiteIsReproducible(t *testing.T) {
	t.Parallel()
	contents := pages()
	tag := siteTag(t, "again")
	path := layout.Path(repository(filepath.Join("dist", "site", strings.ReplaceAll(tag, ":", "+"), "oci")))
	var digests []string
	for i := range 2 {
		dir := directory(t, contents)
		for name := range contents {
			at := time.Unix(int64(1_000_000_000*(i+1)), 0)
			require.NoError(t, os.Chtimes(filepath.Join(dir, name), at, at))
			require.NoError(t, os.Chmod(filepath.Join(dir, name), 0o755))
		}
		named := filepath.Join(filepath.Dir(dir), "public") // the name is the title
		require.NoError(t, os.Rename(dir, named))
		mage(t, "site", named, "-image", definitionName(), "-tag", tag).succeed(t)
		outer, err := path.ImageIndex()
		require.NoError(t, err)
		entries, err := outer.IndexManifest()
		require.NoError(t, err)
		require.Equal(t, tag, strings.TrimPrefix(entries.Manifests[0].Annotations["io.containerd.image.name"], "docker.io/library/"))
		digests = append(digests, entries.Manifests[0].Digest.String())
	}
	assert.Equal(t, digests[0], digests[1])

	outer, err := path.ImageIndex()
	require.NoError(t, err)
	entries, err := outer.IndexManifest()
	require.NoError(t, err)
	index, err := outer.ImageIndex(entries.Manifests[0].Digest)
	require.NoError(t, err)
	images, err := index.IndexManifest()
	require.NoError(t, err)
	img, err := index.Image(images.Manifests[0].Digest)
	require.NoError(t, err)
	manifest, err := img.Manifest()
	require.NoError(t, err)
	// The image below is this one without its last layer, byte for byte.
	assert.Regexp(t, `^sha256:[0-9a-f]{64}$`, manifest.Annotations["org.opencontainers.image.base.digest"])
	assert.Equal(t, "nginx-scratch:"+definitionName(), manifest.Annotations["org.opencontainers.image.base.name"])
	assert.Equal(t, "public", manifest.Annotations["org.opencontainers.image.title"])
	under, err := layout.Path(repository(filepath.Join("dist", definitionName(), "oci"))).ImageIndex()
	require.NoError(t, err)
	underEntries, err := under.IndexManifest()
	require.NoError(t, err)
	underIndex, err := under.ImageIndex(underEntries.Manifests[0].Digest)
	require.NoError(t, err)
	underImages, err := underIndex.IndexManifest()
	require.NoError(t, err)
	assert.Equal(t, underImages.Manifests[0].Digest.String(), manifest.Annotations["org.opencontainers.image.base.digest"])
	underImage, err := underIndex.Image(underImages.Manifests[0].Digest)
	require.NoError(t, err)
	underManifest, err := underImage.Manifest()
	require.NoError(t, err)
	assert.Equal(t, underManifest.Layers, manifest.Layers[:len(manifest.Layers)-1])
}
