package tests

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// definition is what the image was made of.
func definition(t *testing.T) (images.Definition, images.Lock) {
	t.Helper()
	fsys := os.DirFS("../images")
	d, err := images.LoadDefinition(fsys, "static.yaml")
	require.NoError(t, err)
	lock, err := images.LoadLock(fsys, "static.lock.json", d)
	require.NoError(t, err)
	return d, lock
}

func inspectImage(t *testing.T) client.ImageInspectResult {
	t.Helper()
	got, err := dockerClient(t).ImageInspect(t.Context(), imageName())
	require.NoError(t, err)
	return got
}

func TestImageIsUnderSixMegabytesOnDisk(t *testing.T) {
	t.Parallel()
	got := inspectImage(t)
	assert.Less(t, got.Size, int64(6_000_000))
	// Nothing that is loaded and run has less: a size of 0 would prove nothing.
	assert.Greater(t, got.Size, int64(1_000_000))
}

func TestImageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	_, lock := definition(t)
	got := inspectImage(t)
	assert.Equal(t, "linux", got.Os)
	assert.Equal(t, "layers", got.RootFS.Type)
	assert.Len(t, got.RootFS.Layers, 1)
	assert.Equal(t, lock.Epoch().Format(time.RFC3339), got.Created)

	c := got.Config
	assert.Equal(t, "65532:65532", c.User)
	assert.Equal(t, "SIGQUIT", c.StopSignal)
	assert.Equal(t, map[string]struct{}{"8080/tcp": {}}, c.ExposedPorts)
	assert.Empty(t, c.Volumes)
	assert.Nil(t, c.Healthcheck)
	assert.Empty(t, c.OnBuild)
	assert.Equal(t, []string{"nginx", "-g", "daemon off;"}, append(c.Entrypoint, c.Cmd...))
	assert.Equal(t, []string{"PATH=/usr/sbin"}, c.Env)
}

// The keys are those of the OCI image specification's annotations.
func TestImageIsLabelled(t *testing.T) {
	t.Parallel()
	d, lock := definition(t)
	nginx, found := lock.Component("nginx")
	require.True(t, found)
	labels := inspectImage(t).Config.Labels
	for name, want := range map[string]string{
		"title":       d.Image.Title,
		"description": d.Image.Description,
		"version":     nginx.Version,
		"licenses":    d.Image.Licenses,
		"source":      d.Image.Source,
		"created":     lock.Epoch().Format(time.RFC3339),
		"base.name":   "scratch",
	} {
		assert.Equal(t, want, labels["org.opencontainers.image."+name], name)
	}
	assert.NotEmpty(t, labels["org.opencontainers.image.revision"])
	for name, value := range labels {
		assert.NotEmpty(t, strings.TrimSpace(value), name)
	}
}
