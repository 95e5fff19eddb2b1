package tests

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images"
)

func inspectImage(t *testing.T) client.ImageInspectResult {
	t.Helper()
	got, err := dockerClient(t).ImageInspect(t.Context(), imageName())
	require.NoError(t, err)
	return got
}

func TestImageIsUnderItsBudgetOnDisk(t *testing.T) {
	t.Parallel()
	budget := definition(t).Budgets.Disk
	got := inspectImage(t)
	assert.Less(t, got.Size, budget)
	// Nothing that is loaded and run has less: a size of 0 would prove nothing.
	assert.Greater(t, got.Size, int64(1_000_000))
	if look(t).has(staticProgram) {
		assert.LessOrEqual(t, budget, int64(6_000_000), "this is promised, whatever the definition says")
	}
}

func TestImageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	d := definition(t)
	got := inspectImage(t)
	assert.Equal(t, "linux", got.Os)
	assert.Equal(t, "layers", got.RootFS.Type)
	assert.Len(t, got.RootFS.Layers, 1)

	c := got.Config
	assert.Equal(t, "65532:65532", c.User)
	assert.Equal(t, d.Image.User, c.User)
	assert.Equal(t, "SIGQUIT", c.StopSignal)
	assert.Equal(t, d.Image.StopSignal, c.StopSignal)
	assert.Equal(t, map[string]struct{}{"8080/tcp": {}}, c.ExposedPorts)
	assert.Equal(t, []string{"8080/tcp"}, d.Image.Ports)
	assert.Empty(t, c.Volumes)
	assert.Empty(t, c.OnBuild)
	assert.Equal(t, []string{"nginx", "-g", "daemon off;"}, c.Cmd)
	if look(t).has(entryPoint) {
		assert.Equal(t, []string{"/usr/sbin/nginx-entry"}, c.Entrypoint)
		require.NotNil(t, c.Healthcheck)
		assert.Equal(t, []string{"CMD", "/usr/sbin/nginx-entry", "healthcheck"}, c.Healthcheck.Test)
		assert.Equal(t, d.Image.Healthcheck.Interval, c.Healthcheck.Interval)
		assert.Equal(t, d.Image.Healthcheck.Retries, c.Healthcheck.Retries)
	} else {
		assert.Empty(t, c.Entrypoint)
		assert.Nil(t, c.Healthcheck)
	}
	assert.Equal(t, d.Image.Command, c.Cmd)
	assert.Equal(t, []string{"PATH=" + d.Image.Path}, c.Env)
}

// The keys are those of the OCI image specification's annotations.
func TestImageIsLabelled(t *testing.T) {
	t.Parallel()
	d, f, got := definition(t), look(t), inspectImage(t)
	labels := got.Config.Labels
	for name, want := range map[string]string{
		"title":       d.Image.Title,
		"description": d.Image.Description,
		"licenses":    d.Image.Licenses,
		"source":      d.Image.Source,
		"created":     got.Created,
		"base.name":   "scratch",
	} {
		assert.Equal(t, want, labels["org.opencontainers.image."+name], name)
	}
	// Of what is packaged: nginx. A package's revision may follow.
	assert.Regexp(t, fmt.Sprintf(`^%d\.%d\.%d(-r\d+)?$`, f.nginx[0], f.nginx[1], f.nginx[2]), labels["org.opencontainers.image.version"])
	assert.NotEmpty(t, labels["org.opencontainers.image.revision"])
	for name, value := range labels {
		assert.NotEmpty(t, strings.TrimSpace(value), name)
	}
}

// What is compiled has one lock for all platforms, and all that it says is seen.
func TestImageIsOfItsLock(t *testing.T) {
	t.Parallel()
	d := definition(t)
	if len(d.Components) == 0 {
		t.Skipf("nothing of %s is compiled: its lock is of packages", d.Name)
	}
	lock, err := images.LoadLock(os.DirFS(repository("images")), d.Name+".lock.json", d)
	require.NoError(t, err)
	nginx, found := lock.Component("nginx")
	require.True(t, found)
	got := inspectImage(t)
	assert.Equal(t, lock.Epoch().Format(time.RFC3339), got.Created)
	assert.Equal(t, nginx.Version, got.Config.Labels["org.opencontainers.image.version"])
}
