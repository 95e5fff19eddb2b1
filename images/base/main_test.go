package base_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

// Variables that a test sets for another process of the test binary.
const (
	programVar = "BASE_TEST_PROGRAM" // what it is instead of the tests
	probeVar   = "BASE_TEST_PROBE"   // where the probe is already
)

func TestMain(m *testing.M) {
	programs := map[string]func(args []string) error{"run": runProgram, "forbid": forbidProgram, "forbidRoot": forbidRootProgram}
	if name := os.Getenv(programVar); name != "" {
		if err := programs[name](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stdout, "error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if probeTemp != "" {
		_ = os.RemoveAll(probeTemp)
	}
	os.Exit(code)
}

// command is this binary as the named program. Under the race detector it
// would sleep for a second before it exits.
func command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), programVar+"="+program, probeVar+"="+probeDir(t), "GORACE=atexit_sleep_ms=0")
	return cmd
}

// probeTemp is the folder of buildProbe, once it has made one.
var probeTemp string

// buildProbe compiles testdata/probe, without a C library, once. It returns
// the folder that has it, readable by everybody.
var buildProbe = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv(probeVar); dir != "" {
		return dir, nil
	}
	dir, err := os.MkdirTemp("", "probe-")
	if err != nil {
		return "", err
	}
	probeTemp = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "probe"), "./testdata/probe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the probe: %w: %s", err, out)
	}
	return dir, nil
})

func probeDir(t *testing.T) string {
	t.Helper()
	dir, err := buildProbe()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// onSystem runs the probe among the system folders of the machine.
func onSystem(t *testing.T, args ...string) base.Command {
	t.Helper()
	return base.Command{
		Mounts: []base.Mount{{Source: probeDir(t), Target: "/probe"}},
		Argv:   append([]string{"/probe/probe"}, args...), Dir: "/",
	}
}

// inRoot runs the probe in a root of its own that has these folders besides.
func inRoot(t *testing.T, folders []string, args ...string) base.Command {
	t.Helper()
	root := t.TempDir()
	for _, name := range slices.Concat([]string{"bin", "dev", "proc"}, folders) {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(probeDir(t), "probe"))
	if err != nil {
		t.Fatal(err)
	}
	// No process that is forked meanwhile may have it open: it is to be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(filepath.Join(root, "bin/probe"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	return base.Command{Root: root, Argv: append([]string{"/bin/probe"}, args...), Dir: "/"}
}

// available is the error of the simplest of commands.
var available = sync.OnceValue(func() error {
	return base.Run(context.Background(), base.Command{Argv: []string{"true"}, Env: []string{"PATH=" + base.Path}, Dir: "/"})
})

// needSandbox skips a test where the machine allows no sandbox at all.
func needSandbox(t *testing.T) {
	t.Helper()
	if err := available(); errors.Is(err, base.ErrUnavailable) {
		t.Skip(err)
	}
}

// run returns what the command prints.
func run(t *testing.T, c base.Command) (string, error) {
	t.Helper()
	needSandbox(t)
	var out bytes.Buffer
	c.Output = &out
	err := base.Run(t.Context(), c)
	return out.String(), err
}

// lines returns what the command prints, line by line. It must succeed.
func lines(t *testing.T, c base.Command) []string {
	t.Helper()
	out, err := run(t, c)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
}

// facts is what the probe finds; see there.
type facts struct {
	UID, GID, PID, Session, Umask int
	Groups                        []int
	Hostname, Dir                 string
	Args, Env, Root               []string
	Files                         map[int]string
	Input                         string
	Status, Namespaces            map[string]string
	Processes, Interfaces         []string
}

// find runs the probe's facts.
func find(t *testing.T, c base.Command) (f facts) {
	t.Helper()
	out, err := run(t, c)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := gob.NewDecoder(strings.NewReader(out)).Decode(&f); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	return f
}

// runProgram runs what follows in a sandbox until it is killed: UID LOCKDIR.
func runProgram(args []string) error {
	var uid int
	if _, err := fmt.Sscan(args[0], &uid); err != nil {
		return err
	}
	return base.Run(context.Background(), base.Command{
		Mounts: []base.Mount{
			{Source: os.Getenv(probeVar), Target: "/probe"}, {Source: args[1], Target: "/shared", Writable: true},
		},
		Argv: []string{"/probe/probe", "hold", "/shared/lock"}, Dir: "/", UID: uid, GID: uid, Output: os.Stdout,
	})
}
