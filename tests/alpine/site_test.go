package alpine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// manifests are those of a layout, by platform.
func manifests(t *testing.T, dir string) (byPlatform map[string]*v1.Manifest, digests map[string]string) {
	t.Helper()
	r, err := release.Open(dir)
	require.NoError(t, err)
	index, err := r.Index.IndexManifest()
	require.NoError(t, err)
	byPlatform, digests = map[string]*v1.Manifest{}, map[string]string{}
	for _, d := range index.Manifests {
		img, err := r.Index.Image(d.Digest)
		require.NoError(t, err)
		manifest, err := img.Manifest()
		require.NoError(t, err)
		byPlatform[d.Platform.String()], digests[d.Platform.String()] = manifest, d.Digest.String()
	}
	return byPlatform, digests
}

// A site is for all platforms that the image below was built for, with one layer, and
// its configuration is tried by the nginx of each that runs here.
func TestSiteOfAllPlatforms(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.lock(t)
	s.Platforms = []string{"all"}
	s.build(t)
	base, digests := manifests(t, filepath.Join(s.Repository, "dist/alpine/oci"))
	require.Len(t, base, len(arches()))

	dir, conf := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.html"), []byte(strings.Repeat("<p>mine</p>\n", 200)), 0o600))
	write := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(conf, "site.conf"), []byte(text), 0o600))
	}
	write("server { listen 8080; root /usr/share/nginx/html; gzip_static on; location /api/ { proxy_pass http://application; } }\n")
	s.Platforms = nil // those that are there
	options := pipeline.SiteOptions{Dir: dir, Conf: conf, Tag: imageName + ":site"}
	reference, err := pipeline.Site(t.Context(), s.Options, options)
	require.NoError(t, err, s.stderr.String())
	assert.Equal(t, imageName+":site", reference)
	assert.Contains(t, s.stderr.String(), "1 also as gzip")
	assert.NotContains(t, s.stderr.String(), "was not tried")

	layout := filepath.Join(s.Repository, "dist/site", imageName+"+site", "oci")
	site, _ := manifests(t, layout)
	require.Len(t, site, len(base))
	layers := map[string]bool{}
	for platform, manifest := range site {
		require.Contains(t, base, platform)
		assert.Equal(t, base[platform].Layers, manifest.Layers[:len(manifest.Layers)-1], platform)
		assert.Equal(t, digests[platform], manifest.Annotations["org.opencontainers.image.base.digest"])
		layers[manifest.Layers[len(manifest.Layers)-1].Digest.String()] = true
	}
	assert.Len(t, layers, 1)
	again, _ := manifests(t, filepath.Join(s.Repository, "dist/alpine/oci"))
	assert.Len(t, again, len(base), "the image below lost platforms")

	// The date of a release of the site's own.
	s.env["SOURCE_DATE_EPOCH"] = "1700000000"
	_, err = pipeline.Site(t.Context(), s.Options, options)
	require.NoError(t, err, s.stderr.String())
	dated, _ := manifests(t, layout)
	for platform, manifest := range dated {
		assert.Equal(t, "2023-11-14T22:13:20Z", manifest.Annotations["org.opencontainers.image.created"], platform)
	}

	write("server { listen 8080; no_such_thing on; }\n")
	_, err = pipeline.Site(t.Context(), s.Options, options)
	require.ErrorContains(t, err, `unknown directive "no_such_thing"`)
	kept, _ := manifests(t, layout)
	assert.Equal(t, dated, kept, "what was there before stays")
	left, err := os.ReadDir(filepath.Join(s.Repository, "dist/site"))
	require.NoError(t, err)
	assert.Len(t, left, 1, "nothing half-made is left")
}
