package tests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
)

// A target is a target of the project's magefile, as a person runs it.
type target struct {
	*exec.Cmd

	stdout, stderr *text
}

// text is what a program that runs has printed so far.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// targetsDir holds the compiled targets, once a test has wanted them. TestMain removes it.
var targetsDir string

// targets compiles the targets, once: mages that compile in the same folder at the same
// time are in each other's way.
var targets = sync.OnceValues(func() (program string, err error) {
	if targetsDir, err = os.MkdirTemp("", "nginx-scratch-targets-"); err != nil {
		return "", err
	}
	program = filepath.Join(targetsDir, "mage")
	cmd := exec.CommandContext(context.Background(), "go", "tool", "mage", "-compile", program)
	cmd.Dir = repository("")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the targets: %w: %s", err, out)
	}
	return program, nil
})

// mage makes a target ready to run, in a process group of its own, as a shell does: what
// a person types reaches all of it. It is gone with the test.
func mage(t *testing.T, args ...string) *target {
	t.Helper()
	if _, err := os.Stat(repository("magefiles")); err != nil {
		t.Skip("the targets are of the project, and the image was made of a definition that is elsewhere")
	}
	program, err := targets()
	require.NoError(t, err)
	// Not the test's own context: when that ends, the targets still have to clean up.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	x := &target{Cmd: cmd, stdout: &text{}, stderr: &text{}}
	x.Dir, x.Stdout, x.Stderr = repository(""), x.stdout, x.stderr
	x.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mage %s\nstdout:\n%s\nstderr:\n%s", strings.Join(args, " "), x.stdout, x.stderr)
		}
	})
	return x
}

// interrupt is Ctrl-C.
func (x *target) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, syscall.Kill(-x.Process.Pid, syscall.SIGINT))
}

// code waits for the end, and is the exit code.
func (x *target) code(t *testing.T) int {
	t.Helper()
	err := x.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return x.ProcessState.ExitCode()
}

// succeed runs the target to its end and is what it printed to stdout.
func (x *target) succeed(t *testing.T) string {
	t.Helper()
	require.NoError(t, x.Start())
	require.Equal(t, 0, x.code(t))
	return x.stdout.String()
}

// fail runs the target to its end, which is not a good one, and is what it said.
func (x *target) fail(t *testing.T) string {
	t.Helper()
	require.NoError(t, x.Start())
	require.NotEqual(t, 0, x.code(t))
	require.Empty(t, x.stdout.String())
	return x.stderr.String()
}

// removeSite removes what mage site has left under a tag.
func removeSite(t *testing.T, tag string) {
	t.Helper()
	engine := dockerClient(t)
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		folder := strings.NewReplacer("/", "+", ":", "+").Replace(tag)
		require.NoError(t, os.RemoveAll(repository(filepath.Join("dist", "site", folder))))
		_, err := engine.ImageRemove(ctx, tag, client.ImageRemoveOptions{Force: true})
		if err != nil && !errdefs.IsNotFound(err) {
			require.NoError(t, err)
		}
	})
}
