package alpine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/tests/run"
)

// contain runs the container tests against an image that the build has loaded.
func (s *site) contain(t *testing.T, reference string) {
	t.Helper()
	tests := run.Options{Repository: root, Env: os.Environ(), Output: t.Output()}
	err := run.Image(t.Context(), tests, run.Target{Image: reference, Definition: s.Name, Repository: s.Repository})
	require.NoError(t, err)
}

// Not parallel: the container tests use all of the machine themselves.
func TestAlpineInContainers(t *testing.T) {
	s := newSite(t, mirror(t))
	s.lock(t)
	reference := s.build(t)
	require.Equal(t, imageName+":alpine", reference)
	s.contain(t, reference)
}

func TestMinimalInContainers(t *testing.T) {
	s := newSite(t, mirror(t))
	s.Name = "minimal"
	s.lock(t)
	reference := s.build(t)
	require.Equal(t, imageName+":minimal-debug", reference, "it says everywhere that it is not for production")
	s.contain(t, reference)
}

// The compiler of the machine, as signed packages, compiles static in a root
// made of them. What has been compiled stays in the user's cache.
func TestStaticCompiledInTheAlpineBase(t *testing.T) {
	require.NoError(t, publishToolchain())
	s := newSite(t, mirror(t))
	fetcher, err := pipeline.NewFetcher(hostEnvironment, nil)
	require.NoError(t, err)
	s.env["NGINX_SCRATCH_CACHE"] = fetcher.Cache
	for _, name := range []string{"SOURCE_MIRROR", "DEBIAN_MIRROR"} {
		s.env[name] = os.Getenv(name)
	}
	s.Name, s.Platforms = "base", []string{"linux/amd64"}
	s.lock(t)

	s.Name, s.Platforms, s.Base = "static", nil, pipeline.BaseAlpine
	reference := s.build(t)
	assert.NotContains(t, s.stderr.String(), "base: alpine", "a base that was named is not explained")
	first := s.layout(t)

	// Nobody names a base: all of it is in the cache, so it is the same one.
	s.Base, s.env["ALPINE_MIRROR"] = "", "http://127.0.0.1:1/nothing"
	require.NoError(t, os.RemoveAll(filepath.Join(s.Repository, "dist")))
	s.build(t)
	assert.Contains(t, s.stderr.String(), "base: alpine, for all its packages are in the cache")
	assert.Equal(t, string(first), string(s.layout(t)))
	s.contain(t, reference)
}

func TestBaseIsTheHostWithoutALock(t *testing.T) {
	s := newSite(t, mirror(t))
	fetcher, err := pipeline.NewFetcher(hostEnvironment, nil)
	require.NoError(t, err)
	s.Name, s.env["NGINX_SCRATCH_CACHE"] = "static", fetcher.Cache
	s.build(t)
	assert.Contains(t, s.stderr.String(), "base: host, for there is no images/base.lock.json (mage lock base makes it)")
	s.Base = "elsewhere"
	_, err = pipeline.Build(t.Context(), s.Options)
	require.ErrorContains(t, err, `base "elsewhere": it must be "alpine" or "host"`)
}
