package tests

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	dockernetwork "github.com/moby/moby/api/types/network"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
)

// patience bounds every wait. It is for machines that are slow, not for nginx.
const patience = 30 * time.Second

// A server is one running container of the image.
type server struct {
	testcontainers.Container
	URL    string // of port 8080, such as http://127.0.0.1:32768, if it is published
	engine *testcontainers.DockerClient
	tty    bool
}

// start runs the image with every lock on: read-only root, no capabilities, no new
// privileges, the project's seccomp profile, the image's own unprivileged user, and no mount but what the options
// ask for. It returns when nginx listens on the published TCP ports, and the
// container is gone when the test is. A failed test prints the container's logs.
func start(t *testing.T, opts ...option) *server {
	t.Helper()
	set := settings{ports: []string{"8080/tcp"}, binds: map[string]string{}, health: &container.HealthConfig{Test: []string{"NONE"}}}
	for _, opt := range opts {
		opt(t, &set)
	}
	select {
	case <-interrupted:
		require.FailNow(t, "interrupted")
	default:
	}
	engine := dockerClient(t)
	c, err := testcontainers.Run(t.Context(), cmp.Or(set.image, imageName()), customize(set)...)
	testcontainers.CleanupContainer(t, c, testcontainers.StopTimeout(0))
	s := &server{Container: c, engine: engine, tty: set.tty}
	t.Cleanup(func() {
		if t.Failed() && c != nil {
			stdout, stderr := s.logs(t)
			t.Logf("container %.12s\nstdout:\n%s\nstderr:\n%s", s.GetContainerID(), stdout, stderr)
		}
	})
	require.NoError(t, err)
	if set.noWait {
		return s
	}
	for _, port := range set.ports {
		if strings.HasSuffix(port, "/tcp") {
			s.await(t, port)
		}
	}
	if slices.Contains(set.ports, "8080/tcp") {
		s.URL = "http://" + s.addr(t, "8080/tcp")
	}
	return s
}

// dockerClient is for what testcontainers has no call for.
func dockerClient(t *testing.T) *testcontainers.DockerClient {
	t.Helper()
	engine, err := testcontainers.NewDockerClientWithOpts(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	return engine
}

func customize(set settings) []testcontainers.ContainerCustomizer {
	opts := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(set.ports...),
		testcontainers.WithConfigModifier(func(c *container.Config) {
			c.User, c.Tty = set.user, set.tty
			c.Healthcheck = set.health
		}),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.ReadonlyRootfs = !set.unlock
			h.CapDrop = []string{"ALL"}
			h.SecurityOpt = set.securityOpt()
			for inside, host := range set.binds {
				h.Binds = append(h.Binds, host+":"+inside+":ro")
			}
			h.ShmSize, h.IpcMode = set.shm, container.IpcMode(set.ipc)
			h.PortBindings = dockernetwork.PortMap{}
			// A container that asks for none gets those of its image, on all of this machine's
			// addresses if none is named here: what is not asked for is left out again.
			for _, port := range append([]string{"8080/tcp"}, set.ports...) {
				h.PortBindings[dockernetwork.MustParsePort(port)] = []dockernetwork.PortBinding{
					{HostIP: netip.MustParseAddr("127.0.0.1")},
				}
			}
			for _, change := range set.host {
				change(h)
			}
		}),
	}
	if set.env != nil {
		opts = append(opts, testcontainers.WithEnv(set.env))
	}
	if set.entry != nil {
		opts = append(opts, testcontainers.WithEntrypoint(set.entry...), testcontainers.WithCmd())
	}
	if set.command != nil {
		opts = append(opts, testcontainers.WithCmd(set.command...))
	}
	if set.network != "" {
		opts = append(opts, network.WithNetworkName([]string{set.alias}, set.network))
	}
	return opts
}

// newNetwork makes a network for onNetwork, which is removed when the test ends.
// Call it before start: a network goes away only after its containers.
func newNetwork(t *testing.T) string {
	t.Helper()
	n, err := network.New(t.Context())
	testcontainers.CleanupNetwork(t, n)
	require.NoError(t, err)
	return n.Name
}
