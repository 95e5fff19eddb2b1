package alpine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
)

func TestBuildForAllPlatforms(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.lock(t)
	s.Platforms = []string{"all"}
	s.build(t)

	index, err := layout.ImageIndexFromPath(filepath.Join(s.Repository, "dist/alpine/oci"))
	require.NoError(t, err)
	outer, err := index.IndexManifest()
	require.NoError(t, err)
	inner, err := index.ImageIndex(outer.Manifests[0].Digest)
	require.NoError(t, err)
	manifest, err := inner.IndexManifest()
	require.NoError(t, err)
	var platforms []string
	for _, d := range manifest.Manifests {
		platforms = append(platforms, d.Platform.String())
	}
	var want []string
	for goarch := range arches() {
		want = append(want, "linux/"+goarch)
	}
	assert.ElementsMatch(t, want, platforms)
	for _, component := range []string{"libcrypto3", "libssl3", "musl", "nginx", "pcre2", "zlib", "alpine-release"} {
		assert.Contains(t, s.stderr.String(), "\n"+component+" ", "the table names every package that something is from")
	}
	assert.NotContains(t, s.stderr.String(), "\nbusybox ", "nothing of what nginx's package depends on, but nginx does not run")
	for goarch, arch := range arches() {
		s.describes(t, "alpine-linux-"+goarch+".spdx.json", arch)
	}
	assert.NoFileExists(t, filepath.Join(s.Repository, "dist/alpine/alpine-linux-amd64.openvex.json"), "Alpine knows what its packages have fixed")
}

// describes holds the document in SPDX against the lock.
func (s *site) describes(t *testing.T, file, arch string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Repository, "dist", "alpine", file))
	require.NoError(t, err)
	var doc struct {
		Packages []struct {
			SPDXID, Name, DownloadLocation string
			Checksums                      []struct{ ChecksumValue string }
			ExternalRefs                   []struct{ ReferenceLocator string }
		}
		Relationships []struct{ SPDXElementID, RelationshipType, RelatedSPDXElement string }
	}
	require.NoError(t, json.Unmarshal(data, &doc)) //nolint:musttag // as in SPDX, but for the case of letters
	lock := s.locked(t)
	found := map[string]bool{}
	for _, platform := range lock.Alpine.Platforms {
		if platform.Arch != arch {
			continue
		}
		for _, p := range doc.Packages {
			locked, ok := platform.Package(p.Name)
			if !ok {
				continue
			}
			found[p.Name] = true
			assert.Contains(t, p.DownloadLocation, "/main/"+arch+"/"+locked.File())
			require.Len(t, p.Checksums, 1)
			assert.Equal(t, locked.SHA256, p.Checksums[0].ChecksumValue)
			assert.Contains(t, p.ExternalRefs[0].ReferenceLocator, "pkg:apk/alpine/"+p.Name+"@"+locked.Version+"?arch="+locked.Arch+"&distro=alpine-")
		}
	}
	for _, name := range []string{"nginx", "musl", "libssl3", "libcrypto3", "pcre2", "zlib"} {
		assert.True(t, found[name], name)
	}
	assert.False(t, found["busybox"])
	assert.Contains(t, doc.Relationships, struct{ SPDXElementID, RelationshipType, RelatedSPDXElement string }{
		"SPDXRef-Package-nginx", "DYNAMIC_LINK", "SPDXRef-Package-libssl3",
	})
}

// A build needs neither an index nor, once it has run, the mirror.
func TestBuildUsesTheLockAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.lock(t)
	s.build(t)
	first := s.layout(t)

	t.Run("from the cache", func(t *testing.T) {
		s.env["ALPINE_MIRROR"] = "http://127.0.0.1:1/nothing"
		require.NoError(t, os.RemoveAll(filepath.Join(s.Repository, "dist", "alpine", "oci")))
		s.build(t)
		assert.Equal(t, string(first), string(s.layout(t)))
	})
	t.Run("from the bundle", func(t *testing.T) {
		s.env["NGINX_SCRATCH_CACHE"] = t.TempDir()
		require.NoError(t, os.RemoveAll(filepath.Join(s.Repository, "dist", "alpine", "oci")))
		s.build(t)
		assert.Equal(t, string(first), string(s.layout(t)))
	})
	t.Run("from a bundle elsewhere", func(t *testing.T) {
		elsewhere := filepath.Join(t.TempDir(), "kept")
		require.NoError(t, os.Rename(filepath.Join(s.Repository, "dist", "alpine", "inputs.oci"), elsewhere))
		s.env["NGINX_SCRATCH_CACHE"] = t.TempDir()
		_, err := pipeline.Build(t.Context(), s.Options)
		require.ErrorContains(t, err, "nginx-", "without the bundle there is nothing to build from")
		s.env["INPUTS_BUNDLE"] = elsewhere
		s.build(t)
		assert.Equal(t, string(first), string(s.layout(t)))
	})
}

func TestBuildTwiceElsewhere(t *testing.T) {
	t.Parallel()
	var layouts []string
	for range 2 {
		s := newSite(t, mirror(t))
		s.Platforms = []string{"all"}
		s.lock(t)
		s.build(t)
		layouts = append(layouts, string(s.layout(t)))
	}
	assert.Equal(t, layouts[0], layouts[1])
}

func TestBuildWithoutALock(t *testing.T) {
	t.Parallel()
	_, err := pipeline.Build(t.Context(), newSite(t, mirror(t)).Options)
	require.ErrorContains(t, err, "images/alpine.lock.json")
	require.ErrorContains(t, err, "run `mage lock alpine`")
}

func TestBuildForAPlatformThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.lock(t)
	s.Platforms = []string{"linux/s390x"}
	_, err := pipeline.Build(t.Context(), s.Options)
	require.ErrorContains(t, err, `platform "linux/s390x": images/alpine.yaml has only`)
}

// A package that the lock pins, and the mirror has replaced by another.
func TestBuildRefusesAnotherPackage(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mirror")
	require.NoError(t, os.CopyFS(dir, os.DirFS(mirror(t))))
	s := newSite(t, dir)
	s.lock(t)
	s.env["NGINX_SCRATCH_CACHE"] = t.TempDir()
	name := find(t, dir, "nginx-1*.apk")
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(name, data, 0o600))
	_, err = pipeline.Build(t.Context(), s.Options)
	require.ErrorContains(t, err, filepath.Base(name))
	require.ErrorContains(t, err, "sent wrong bytes")
	assert.NoDirExists(t, filepath.Join(s.Repository, "dist"))
}

func TestClosure(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.lock(t)
	text, err := pipeline.Closure(t.Context(), s.Options, false)
	require.NoError(t, err)
	for _, line := range []string{"usr/sbin/nginx", "libssl.so.3", "libcrypto.so.3", "libpcre2-8.so.0", "libz.so.1", "ld-musl-x86_64.so.1"} {
		assert.Contains(t, text, line)
	}
	dot, err := pipeline.Closure(t.Context(), s.Options, true)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(dot, "digraph"), dot)
	s.Name = "minimal"
	s.lock(t)
	_, err = pipeline.Closure(t.Context(), s.Options, false)
	require.ErrorContains(t, err, "images/minimal.yaml has no alpine.files")
}

// find returns the one file of the mirror for this machine that has the name.
func find(t *testing.T, dir, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, branch, "main", "x86_64", pattern))
	require.NoError(t, err)
	require.Len(t, names, 1)
	return names[0]
}

// locked reads the lock that was written.
func (s *site) locked(t *testing.T) images.Lock {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Repository, "images", s.Name+".lock.json"))
	require.NoError(t, err)
	var l images.Lock
	require.NoError(t, json.Unmarshal(data, &l))
	return l
}
