package publish_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/moby/client"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

const devTag = "nginx-scratch-devtest:publish"

// The engine of this machine, if there is one, must take an image as it is.
func TestDockerTakesTheImageAsItIs(t *testing.T) { //nolint:paralleltest // one tag in one engine
	if err := publish.DockerAvailable(t.Context()); err != nil {
		t.Skip("no Docker engine answers:", err)
	}
	engine, err := client.New(client.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	a, b := sample(t, "a"), sample(t, "b")
	for _, step := range []struct {
		what   string
		img    v1.Image
		loaded bool
	}{
		{"the first time", a, true},
		{"the second time", a, false},
		{"another image", b, true},
		{"the first again", a, true},
	} {
		id, loaded, err := publish.Docker(t.Context(), step.img, devTag)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		t.Cleanup(func() { remove(t, engine, id) })
		config, manifest := ids(t, step.img)
		if loaded != step.loaded || !slices.Contains([]string{config, manifest}, id) {
			t.Errorf("%s: loaded %v as %s, want %v as %s", step.what, loaded, id, step.loaded, config)
		}
	}
	got, err := engine.ImageInspect(t.Context(), devTag)
	if err != nil {
		t.Fatal(err)
	}
	_, exposed := got.Config.ExposedPorts["8080/tcp"]
	if c := got.Config; c.User != "65532:65532" || !exposed || c.StopSignal != "SIGQUIT" || c.WorkingDir != "/" ||
		strings.Join(append(c.Entrypoint, c.Cmd...), " ") != "/usr/sbin/nginx -g daemon off;" ||
		c.Labels["org.opencontainers.image.title"] != "nginx-scratch" || !slices.Equal(c.Env, []string{"PATH=/usr/sbin"}) {
		t.Errorf("Docker reports %+v", c)
	}
	if got.Created != "2023-11-14T22:13:20Z" || got.Os != "linux" || got.Architecture != "amd64" {
		t.Errorf("Docker reports %s, %s/%s", got.Created, got.Os, got.Architecture)
	}
}

// remove removes an image that may be gone already.
func remove(t *testing.T, engine *client.Client, id string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if _, err := engine.ImageRemove(ctx, id, client.ImageRemoveOptions{Force: true}); err != nil && !errdefs.IsNotFound(err) {
		t.Error("removing the image of the test:", err)
	}
}
