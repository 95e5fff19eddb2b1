package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A project is conf/deploy/compose.yaml, started by docker compose as people do.
type project struct {
	argv []string
	env  []string
}

func newProject(t *testing.T) project {
	t.Helper()
	p := project{
		argv: []string{"docker", "compose"},
		// Any free port, so that nothing that already serves is in the way.
		env: append(os.Environ(), "NGINX_SCRATCH_IMAGE="+imageName(), "PUBLISH=127.0.0.1:"),
	}
	if exec.CommandContext(t.Context(), "docker", "compose", "version").Run() != nil {
		p.argv = []string{"docker-compose"}
		if _, err := exec.LookPath("docker-compose"); errors.Is(err, exec.ErrNotFound) {
			t.Skip("neither docker compose nor docker-compose is installed: apt-get install docker-compose")
		}
	}
	p.argv = append(p.argv, "--project-name", fmt.Sprintf("nginx-scratch-test-%d", rand.Uint32()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*patience)
		defer cancel()
		_, err := p.run(ctx, "down", "--timeout", "0", "--volumes")
		require.NoError(t, err)
	})
	return p
}

func (p project) run(ctx context.Context, args ...string) (string, error) {
	argv := slices.Concat(p.argv, args)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = "../conf/deploy", p.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%q: %w: %s", argv, err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out)), err
}

func TestComposeFile(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	up := func(args ...string) string {
		out, err := p.run(t.Context(), args...)
		require.NoError(t, err)
		return out
	}
	up("up", "--detach")
	id := up("ps", "--quiet", "nginx")
	require.Regexp(t, `^[0-9a-f]{64}$`, id)
	s := &server{URL: "http://" + up("port", "nginx", "8080"), engine: dockerClient(t)}
	inspect := func() container.InspectResponse {
		got, err := s.engine.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
		require.NoError(t, err)
		return got.Container
	}
	eventually(t, "nginx", func() bool {
		state := inspect().State
		require.True(t, state.Running, "nginx ended with %d", state.ExitCode)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		return err == nil && resp.Body.Close() == nil
	})
	assert.Equal(t, http.StatusOK, s.get(t, "/").Status)

	host := inspect().HostConfig
	assert.True(t, host.ReadonlyRootfs)
	assert.Equal(t, []string{"ALL"}, host.CapDrop)
	assert.Empty(t, slices.Concat(host.CapAdd, host.Binds))
	assert.Empty(t, host.Tmpfs)
	assert.Equal(t, int64(256<<20), host.Memory)
	assert.Equal(t, host.Memory, host.MemorySwap)
	assert.Equal(t, int64(64<<20), host.ShmSize)
	assert.Equal(t, int64(2e9), host.NanoCPUs)
	require.NotNil(t, host.PidsLimit)
	assert.Equal(t, int64(128), *host.PidsLimit)
	require.Len(t, host.SecurityOpt, 2)
	assert.Equal(t, "no-new-privileges:true", host.SecurityOpt[0])
	text, err := os.ReadFile(filepath.FromSlash("../conf/deploy/seccomp.json"))
	require.NoError(t, err)
	used, ok := strings.CutPrefix(host.SecurityOpt[1], "seccomp=")
	if !ok { // as the older compose says it
		used, ok = strings.CutPrefix(host.SecurityOpt[1], "seccomp:")
	}
	require.True(t, ok && json.Valid([]byte(used)), "%.80s is no profile: was the file read?", host.SecurityOpt[1])
	assert.JSONEq(t, string(text), used)

	diff, err := s.engine.ContainerDiff(t.Context(), id, client.ContainerDiffOptions{})
	require.NoError(t, err)
	assert.Empty(t, diff.Changes)
	up("stop")
	assert.Zero(t, inspect().State.ExitCode)
}
