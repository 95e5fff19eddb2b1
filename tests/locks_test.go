package tests

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServesUnderEveryLockAsAnyUser(t *testing.T) {
	t.Parallel()
	// Where a platform picks the user, it is a high UID of its choice in group 0.
	high := 100_000 + rand.IntN(2_000_000_000)
	for name, ids := range map[string]struct{ option, uid, gid string }{
		"the image's own user":           {"", "65532", "65532"},
		"a random high UID with GID 0":   {fmt.Sprintf("%d:0", high), strconv.Itoa(high), "0"},
		"UID 1 with GID 1":               {"1:1", "1", "1"},
		"a UID alone, which means GID 0": {"4242", "4242", "0"},
		"the name of the image's user":   {"nginx", "65532", "65532"},
		"the largest UID":                {"2147483647:2147483647", "2147483647", "2147483647"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, user(ids.option))
			got := s.get(t, "/")
			assert.Equal(t, http.StatusOK, got.Status)
			assert.Regexp(t, `(?s)^<!DOCTYPE html>.*</html>\n$`, got.Body)
			assertLocked(t, s)
			assertProcesses(t, s, ids.uid, ids.gid)
			assert.True(t, s.state(t).Running)
		})
	}
}

// The locks are what the engine says they are, not what the harness asked for.
func assertLocked(t *testing.T, s *server) {
	t.Helper()
	got, err := s.engine.ContainerInspect(t.Context(), s.GetContainerID(), client.ContainerInspectOptions{})
	require.NoError(t, err)
	host := got.Container.HostConfig
	assert.True(t, host.ReadonlyRootfs)
	assert.Equal(t, []string{"ALL"}, host.CapDrop)
	assert.Empty(t, host.CapAdd)
	assert.Equal(t, settings{}.securityOpt(), host.SecurityOpt)
	assert.False(t, host.Privileged)
	assert.Empty(t, got.Container.Mounts)
	assert.Empty(t, host.Binds)
	assert.Empty(t, host.Mounts)
	assert.Empty(t, host.Tmpfs)
	assert.Empty(t, host.VolumesFrom)
	assert.Empty(t, got.Container.Config.Volumes)
}

// workers are the IDs, on this machine, of nginx's worker processes.
func (s *server) workers(t *testing.T) []string {
	t.Helper()
	master := strconv.Itoa(s.state(t).Pid)
	children, err := os.ReadFile(path.Join("/proc", master, "task", master, "children"))
	require.NoError(t, err)
	workers := strings.Fields(string(children))
	require.NotEmpty(t, workers, "nginx has no worker")
	return workers
}

// assertProcesses looks at the master and its workers with the kernel's eyes.
func assertProcesses(t *testing.T, s *server, uid, gid string) {
	t.Helper()
	if !engineIsLocal() {
		t.Log("the engine is on another machine: its processes cannot be looked at from here")
		return
	}
	for _, pid := range append(s.workers(t), strconv.Itoa(s.state(t).Pid)) {
		got := status(t, pid)
		want := map[string]string{
			"Uid": strings.Join(slices.Repeat([]string{uid}, 4), "\t"), // real, effective, saved, file system
			"Gid": strings.Join(slices.Repeat([]string{gid}, 4), "\t"),
			// Which filter of system calls that is, assertLocked has asked the engine.
			"NoNewPrivs": "1", "Seccomp": "2",
		}
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
			want[set] = "0000000000000000"
		}
		maps.DeleteFunc(got, func(name, _ string) bool { _, wanted := want[name]; return !wanted })
		assert.Equal(t, want, got, "process %s", pid)
	}
}

// status reads /proc/PID/status.
func status(t *testing.T, pid string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path.Join("/proc", pid, "status"))
	require.NoError(t, err)
	fields := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}
