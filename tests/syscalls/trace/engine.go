//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// untraced are the tests that put a program of their own in nginx's place, whose calls
// are nothing that the profile is for, and that stop processes, which strace lets go on.
const untraced = "^(TestNginxCannotRunAnotherProgram|TestHealthOfAHangingServer)$"

// What is in the temporary folder.
const (
	program = "tests.test" // the container tests
	traces  = "traces"     // strace's output, a file for each container
	socket  = "engine.sock"
)

// gateway is the engine's end of its own network, where names are refused.
const gateway = "172.17.0.1"

type suite struct{ image, definition, tests string }

// An engine is a dockerd whose runtime is traced.
type engine struct {
	dir string
	cmd *exec.Cmd
}

// trace runs the tests and a few containers by hand in a new engine.
func trace(ctx context.Context, dir string, s suite) (err error) {
	e, err := startEngine(ctx, dir)
	if err != nil {
		return err
	}
	stopNames, err := refuseNames(ctx)
	if err != nil {
		return errors.Join(err, e.stop(ctx))
	}
	defer func() { err = errors.Join(err, stopNames()) }()
	defer func() { err = errors.Join(err, e.stop(ctx)) }()
	if err := e.load(ctx, s.image); err != nil {
		return err
	}
	tests := exec.CommandContext(ctx, filepath.Join(dir, program), "-test.run", s.tests, "-test.skip", untraced, "-test.parallel=4", "-test.timeout=40m")
	tests.Dir = "tests"
	tests.Env = append(os.Environ(), "DOCKER_HOST="+e.host(), "NGINX_SCRATCH_IMAGE="+s.image,
		"NGINX_SCRATCH_DEFINITION="+s.definition, "NGINX_SCRATCH_SECCOMP=default")
	tests.Stdout, tests.Stderr = os.Stderr, os.Stderr
	tests.Cancel = func() error { return tests.Process.Signal(os.Interrupt) }
	tests.WaitDelay = time.Minute
	if err := tests.Run(); err != nil {
		// What was seen counts all the same.
		err = fmt.Errorf("running the container tests: %w", err)
		return errors.Join(err, e.others(ctx, s.image))
	}
	return e.others(ctx, s.image)
}

// others are ways to start a container that no test takes, such as without the lock
// after which runtimes load the filter late.
func (e engine) others(ctx context.Context, image string) error {
	locked := []string{"--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"}
	ways := map[string][]string{
		"no lock":           nil,
		"no new privileges": {"--security-opt=no-new-privileges"},
		"a terminal":        append([]string{"-t"}, locked...),
		"root":              {"--user=0:0"},
		"an init":           append([]string{"--init"}, locked...),
	}
	for name, options := range ways {
		argv := append([]string{"run", "--rm"}, options...)
		if out, err := e.docker(ctx, append(argv, image, "nginx", "-t")...).CombinedOutput(); err != nil {
			return fmt.Errorf("running a container with %s: %w: %s", name, err, out)
		}
	}
	return nil
}

func (e engine) host() string { return "unix://" + filepath.Join(e.dir, socket) }

func (e engine) docker(ctx context.Context, argv ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "docker", append([]string{"-H", e.host()}, argv...)...)
}

// load copies the image from the machine's engine.
func (e engine) load(ctx context.Context, image string) error {
	archive := filepath.Join(e.dir, "image.tar")
	if out, err := exec.CommandContext(ctx, "docker", "save", "-o", archive, image).CombinedOutput(); err != nil {
		return fmt.Errorf("copying %s (go tool mage build makes it): %w: %s", image, err, out)
	}
	if out, err := e.docker(ctx, "load", "-i", archive).CombinedOutput(); err != nil {
		return fmt.Errorf("loading %s: %w: %s", image, err, out)
	}
	return nil
}

func startEngine(ctx context.Context, dir string) (engine, error) {
	e := engine{dir: dir}
	// Mounts of the engine's shall not be seen by the machine's.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return e, fmt.Errorf("making the mounts private: %w", err)
	}
	if err := loopback(); err != nil {
		return e, err
	}
	if err := os.Mkdir(filepath.Join(dir, traces), 0o755); err != nil {
		return e, err
	}
	config := filepath.Join(dir, "daemon.json")
	if err := os.WriteFile(config, []byte("{}\n"), 0o600); err != nil {
		return e, err
	}
	driver, err := exec.CommandContext(ctx, "docker", "info", "-f", "{{.Driver}}").Output()
	if err != nil {
		return e, fmt.Errorf("asking the machine's engine how it stores images: %w", err)
	}
	argv := []string{
		"--config-file", config, "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "engine.pid"), "--host", e.host(), "--storage-driver", strings.TrimSpace(string(driver)),
		"--default-runtime", prefix + "runc",
		"--bip", gateway + "/16", "--dns", gateway,
	}
	self, err := os.Executable()
	if err != nil {
		return e, err
	}
	link := filepath.Join(dir, prefix+"runc")
	if err := os.Symlink(self, link); err != nil {
		return e, err
	}
	argv = append(argv, "--add-runtime", prefix+"runc="+link)
	e.cmd = exec.Command("dockerd", argv...) //nolint:noctx // it is stopped below, and not killed
	var log *os.File
	if log, err = os.Create(filepath.Join(dir, "engine.log")); err != nil {
		return e, err
	}
	e.cmd.Stdout, e.cmd.Stderr = log, log
	if err := e.cmd.Start(); err != nil {
		return e, fmt.Errorf("starting an engine: %w", err)
	}
	for range 60 {
		if e.docker(ctx, "version").Run() == nil {
			return e, nil
		}
		time.Sleep(time.Second)
	}
	text, _ := os.ReadFile(log.Name())
	return e, errors.Join(fmt.Errorf("the engine does not answer after a minute:\n%s", text), e.stop(ctx))
}

// stop ends the engine and its containers, whatever is left of them, and returns
// when all traces are complete.
func (e engine) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	ids, err := e.docker(ctx, "ps", "-aq").Output()
	if containers := strings.Fields(string(ids)); err == nil && len(containers) > 0 {
		err = e.docker(ctx, append([]string{"rm", "-f"}, containers...)...).Run()
	}
	if ended := e.cmd.Process.Signal(syscall.SIGTERM); ended != nil {
		return errors.Join(err, fmt.Errorf("stopping the engine: %w", ended))
	}
	killer := time.AfterFunc(time.Minute, func() { _ = e.cmd.Process.Kill() })
	defer killer.Stop()
	if ended := e.cmd.Wait(); ended != nil {
		err = errors.Join(err, fmt.Errorf("stopping the engine: %w", ended))
	}
	return errors.Join(err, finish(filepath.Join(e.dir, traces)))
}

// loopback sets up 127.0.0.1, which a new network namespace has but down.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("setting up the loopback interface: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("setting up the loopback interface: %w", err)
	}
	return nil
}
