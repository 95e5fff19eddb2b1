package tests

import (
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
)

// "worker_processes auto" is as many as the container has CPUs to run on and time to run
// them: what --cpuset-cpus leaves, and --cpus rounded up.
func TestWorkersAreAsManyAsTheContainerMayUse(t *testing.T) {
	t.Parallel()
	needs(t, staticProgram) // others have a C library of their own, which counts the first only
	cpus := engineCPUs(t)
	for _, tt := range []struct {
		name   string
		limits container.Resources
		group  container.CgroupnsMode // the engine's default when empty
		want   int
	}{
		{"no limit", container.Resources{}, "", cpus},
		{"--cpus 0.1", container.Resources{NanoCPUs: 1e8}, "", 1},
		{"--cpus 0.5", container.Resources{NanoCPUs: 5e8}, "", 1},
		{"--cpus 1", container.Resources{NanoCPUs: 1e9}, "", 1},
		{"--cpus 1.01", container.Resources{NanoCPUs: 101e7}, "", 2},
		{"--cpus 1.5", container.Resources{NanoCPUs: 15e8}, "", 2},
		{"--cpus 2", container.Resources{NanoCPUs: 2e9}, "", 2},
		{"--cpus 2.5", container.Resources{NanoCPUs: 25e8}, "", 3},
		{"--cpu-period 50000 --cpu-quota 25000", container.Resources{CPUPeriod: 50_000, CPUQuota: 25_000}, "", 1},
		{"a quota of more than there are", container.Resources{CPUPeriod: 10_000, CPUQuota: int64(cpus+1) * 10_000}, "", cpus},
		{"--cpuset-cpus 0", container.Resources{CpusetCpus: "0"}, "", 1},
		{"--cpuset-cpus 0-1", container.Resources{CpusetCpus: "0-1"}, "", 2},
		{"--cpuset-cpus 0 --cpus 2", container.Resources{CpusetCpus: "0", NanoCPUs: 2e9}, "", 1},
		{"--cpuset-cpus 0-1 --cpus 1", container.Resources{CpusetCpus: "0-1", NanoCPUs: 1e9}, "", 1},
		{"--cpus 1 --cgroupns private", container.Resources{NanoCPUs: 1e9}, container.CgroupnsModePrivate, 1},
		{"--cpus 1 --cgroupns host", container.Resources{NanoCPUs: 1e9}, container.CgroupnsModeHost, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want > cpus {
				t.Skipf("the engine has only %d CPUs", cpus)
			}
			assert.Equal(t, tt.want, countWorkers(t, func(h *container.HostConfig) {
				h.NanoCPUs, h.CpusetCpus, h.CgroupnsMode = tt.limits.NanoCPUs, tt.limits.CpusetCpus, tt.group
				h.CPUPeriod, h.CPUQuota = tt.limits.CPUPeriod, tt.limits.CPUQuota
			}))
		})
	}
}

// A number in the configuration is what it says, whatever the quota.
func TestWorkersAreAsManyAsTheConfigurationSays(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 3, countWorkers(t, func(h *container.HostConfig) { h.NanoCPUs = 5e8 },
		mainConfig("worker_processes 3;\npid /dev/shm/nginx.pid;\nevents {}\n"+
			"http {\n\taccess_log off;\n\tclient_body_temp_path /dev/shm/body;\n\tserver { listen 8080; }\n}\n")))
}

// engineCPUs is how many CPUs the engine gives to a container without limits.
func engineCPUs(t *testing.T) int {
	t.Helper()
	got, err := dockerClient(t).Info(t.Context(), client.InfoOptions{})
	require.NoError(t, err)
	return got.Info.NCPU
}

// countWorkers starts the image with every lock on and these limits, and counts the
// workers in nginx's own log once all of it is there: after a clean stop.
func countWorkers(t *testing.T, limit func(*container.HostConfig), opts ...option) int {
	t.Helper()
	set := settings{ports: []string{"8080/tcp"}, binds: map[string]string{}}
	for _, opt := range append(opts, command("nginx", "-g", "daemon off; error_log stderr notice;")) {
		opt(t, &set)
	}
	select {
	case <-interrupted:
		require.FailNow(t, "interrupted")
	default:
	}
	limited := testcontainers.CustomizeRequestOption(func(r *testcontainers.GenericContainerRequest) error {
		lock := r.HostConfigModifier
		r.HostConfigModifier = func(h *container.HostConfig) {
			lock(h)
			limit(h)
		}
		return nil
	})
	c, err := testcontainers.Run(t.Context(), imageName(), append(customize(set), limited)...)
	testcontainers.CleanupContainer(t, c, testcontainers.StopTimeout(0))
	require.NoError(t, err)
	s := &server{Container: c, engine: dockerClient(t)}
	s.await(t, "8080/tcp")
	require.NoError(t, <-s.stop(t))
	assert.Equal(t, 0, s.state(t).ExitCode)
	_, stderr := s.logs(t)
	t.Log(stderr)
	return strings.Count(stderr, "[notice] 1#1: start worker process ")
}
