package tests

import (
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
)

// running starts mage run and waits for its address.
func running(t *testing.T, args ...string) (x *target, url string) {
	t.Helper()
	x = mage(t, append([]string{"run", definitionName()}, args...)...)
	require.NoError(t, x.Start())
	t.Cleanup(func() {
		if x.ProcessState == nil { // the test did not come to it
			x.interrupt(t)
			_ = x.Wait()
		}
	})
	eventually(t, "the address", func() bool { return strings.HasSuffix(x.stdout.String(), "\n") })
	url = strings.TrimSuffix(x.stdout.String(), "/\n")
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, url)
	return x, url
}

// containerAt finds what is behind an address.
func containerAt(t *testing.T, engine *testcontainers.DockerClient, url string) container.InspectResponse {
	t.Helper()
	list, err := engine.ContainerList(t.Context(), client.ContainerListOptions{Filters: client.Filters{}.Add("label", "io.github.nginx-scratch.run")})
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	for _, c := range list.Items {
		for _, p := range c.Ports {
			if port == strconv.Itoa(int(p.PublicPort)) {
				got, err := engine.ContainerInspect(t.Context(), c.ID, client.ContainerInspectOptions{})
				require.NoError(t, err)
				return got.Container
			}
		}
	}
	require.Fail(t, "no container is behind "+url)
	return container.InspectResponse{}
}

func TestRunServesUnderEveryLockUntilCtrlC(t *testing.T) {
	t.Parallel()
	x, url := running(t, "-site", directory(t, map[string]string{"index.html": "mine"}))
	got := fetch(t, http.DefaultClient, http.MethodGet, url+"/")
	assert.Equal(t, "mine", got.body)

	engine := dockerClient(t)
	c := containerAt(t, engine, url)
	host := c.HostConfig
	assert.True(t, host.ReadonlyRootfs)
	assert.Equal(t, []string{"ALL"}, host.CapDrop)
	assert.Empty(t, host.CapAdd)
	assert.False(t, host.Privileged)
	assert.Equal(t, "no-new-privileges", host.SecurityOpt[0])
	if _, err := os.Stat(repository("conf/deploy/seccomp.json")); err == nil {
		require.Len(t, host.SecurityOpt, 2)
		assert.Contains(t, host.SecurityOpt[1], `seccomp={"`)
	} else {
		assert.Len(t, host.SecurityOpt, 1)
		assert.Contains(t, x.stderr.String(), "seccomp: the engine's own profile")
	}
	assert.Equal(t, int64(512<<20), host.Memory)
	require.NotNil(t, host.PidsLimit)
	assert.Equal(t, int64(512), *host.PidsLimit)
	require.Len(t, c.Mounts, 1)
	assert.False(t, c.Mounts[0].RW)
	for _, bindings := range host.PortBindings {
		for _, b := range bindings {
			assert.Equal(t, "127.0.0.1", b.HostIP.String())
		}
	}

	eventually(t, "nginx's log on stderr", func() bool { return strings.Contains(x.stderr.String(), `"GET / HTTP/1.1" 200 4 `) })
	x.interrupt(t)
	assert.Equal(t, 0, x.code(t))
	assert.Equal(t, url+"/\n", x.stdout.String(), "stdout has the address and nothing else")
	assert.Contains(t, x.stderr.String(), "nginx has stopped")
	assertGone(t, engine, c.ID)
}

// Templates get the environment of -env, whose NGINX_PORT is the one that is published.
func TestRunWithTemplates(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	env := directory(t, map[string]string{"env": "# for the test\nWHO=a = b\nNGINX_PORT=9090\n"})
	x, url := running(t, "-env", env+"/env", "-conf", directory(t, nil), "-templates", directory(t, map[string]string{
		"hello.conf.template": "server { listen ${NGINX_PORT}; location / { return 200 \"hello ${WHO}\"; } }",
	}))
	assert.Equal(t, "hello a = b", fetch(t, http.DefaultClient, http.MethodGet, url+"/").body)
	x.interrupt(t)
	assert.Equal(t, 0, x.code(t))
}

func assertGone(t *testing.T, engine *testcontainers.DockerClient, id string) {
	t.Helper()
	_, err := engine.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	assert.ErrorContains(t, err, "No such container")
}

// A response that takes its time is waited for, but not for longer than the person likes.
func TestRunIsKilledByTheSecondCtrlC(t *testing.T) {
	t.Parallel()
	dir := directory(t, nil)
	fill(t, dir+"/large", 64<<20)
	x, url := running(t, "-site", dir)
	engine := dockerClient(t)
	c := containerAt(t, engine, url)
	response := (&server{URL: url}).open(t, "/large") // and read none of it
	x.interrupt(t)
	eventually(t, "the word about stopping", func() bool { return strings.Contains(x.stderr.String(), "Ctrl-C again ends them") })
	time.Sleep(200 * time.Millisecond)
	require.Nil(t, x.ProcessState)
	began := time.Now()
	x.interrupt(t)
	assert.Equal(t, 137, x.code(t))
	assert.Less(t, time.Since(began), 8*time.Second)
	assert.Contains(t, x.stderr.String(), "nginx was killed before it had finished")
	assertGone(t, engine, c.ID)
	_ = response.Close()
}

func TestRunSaysHowNginxEnded(t *testing.T) {
	t.Parallel()
	t.Run("a configuration that is wrong", func(t *testing.T) {
		t.Parallel()
		x := mage(t, "run", definitionName(), "-conf", directory(t, map[string]string{"a.conf": "no_such_thing on;"}))
		said := x.fail(t)
		assert.Contains(t, said, `[emerg] 1#1: unknown directive "no_such_thing" in /etc/nginx/conf.d/a.conf:1`)
		assert.Contains(t, said, "Error: nginx ended with exit code 1 before it served anything; what it said is above\n")
		assert.Equal(t, 1, x.ProcessState.ExitCode())
	})
	t.Run("killed by somebody", func(t *testing.T) {
		t.Parallel()
		x, url := running(t)
		engine := dockerClient(t)
		c := containerAt(t, engine, url)
		_, err := engine.ContainerKill(t.Context(), c.ID, client.ContainerKillOptions{})
		require.NoError(t, err)
		assert.Equal(t, 137, x.code(t))
		assert.Contains(t, x.stderr.String(), "nginx ended with exit code 137")
		assertGone(t, engine, c.ID)
	})
	t.Run("stopped by somebody", func(t *testing.T) {
		t.Parallel()
		x, url := running(t)
		engine := dockerClient(t)
		c := containerAt(t, engine, url)
		_, err := engine.ContainerKill(t.Context(), c.ID, client.ContainerKillOptions{Signal: "QUIT"})
		require.NoError(t, err)
		assert.Equal(t, 0, x.code(t))
		assert.Contains(t, x.stderr.String(), "nginx has ended by itself")
	})
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	file := directory(t, map[string]string{"file": "", "env": "A=1\nB\n"})
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"a port that is taken":        {[]string{"-port", port}, "port " + port + " of this machine is taken: name another with -port"},
		"a folder that is not there":  {[]string{"-site", file + "/nothing"}, "mounting a folder: stat " + file + "/nothing: no such file or directory"},
		"a file in a folder's place":  {[]string{"-conf", file + "/file"}, "file: it is not a folder"},
		"an environment that is none": {[]string{"-env", file + "/env"}, "/env:2: a line must be NAME=value"},
		"a port that is none":         {[]string{"-port", "65536"}, "port 65536: it must be 1 to 65535"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, mage(t, append([]string{"run", definitionName()}, tt.args...)...).fail(t), tt.want)
		})
	}
	t.Run("no engine", func(t *testing.T) {
		t.Parallel()
		x := mage(t, "run", definitionName())
		x.Env = append(os.Environ(), "DOCKER_HOST=unix:///nonexistent/docker.sock")
		assert.Contains(t, x.fail(t), "reaching Docker at unix:///nonexistent/docker.sock")
	})
}

// What nginx cannot read is said before anybody wonders about 403.
func TestRunNamesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"a.html": "a", "b/locked.html": "b"})
	require.NoError(t, os.Chmod(dir+"/b/locked.html", 0o600))
	x, _ := running(t, "-site", dir)
	assert.Contains(t, x.stderr.String(), dir+"/b/locked.html has mode -rw-------: nginx, which is user 65532:65532, cannot read it")
	x.interrupt(t)
	assert.Equal(t, 0, x.code(t))
}
