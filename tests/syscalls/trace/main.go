//go:build linux

// Command trace derives what conf/deploy/seccomp.json has to allow: it runs the
// container tests in an engine of its own, with strace at every container, and
// compares what it saw with the profile. A call that was made and is not allowed
// is an error, and so is one that is allowed, was not made, and has no reason.
//
//	sudo go run ./tests/syscalls/trace
//
// The engine runs in a network namespace of its own and keeps its files in a
// temporary folder: the machine's engine is only asked for the image. It takes
// root, dockerd, strace, and about ten minutes. Another runc is traced if it is the
// first in PATH.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/syscalls"
)

func main() {
	// The engine calls this program by the name of its runtime.
	if name, ok := tracedRuntime(os.Args[0]); ok {
		fail(runtime(name))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(run(ctx))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	profile := flag.String("profile", "conf/deploy/seccomp.json", "the profile that is judged")
	image := flag.String("image", "nginx-scratch:static", "an image that Docker has")
	definition := flag.String("definition", "static", "what the image was made of")
	tests := flag.String("run", ".", "the container tests that run, as go test has it")
	inside := flag.String("inside", "", "for the program itself: it is in its namespaces, with this folder")
	flag.Parse()

	if *inside != "" {
		return trace(ctx, *inside, suite{image: *image, definition: *definition, tests: *tests})
	}
	p, err := syscalls.Load(*profile)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "nginx-scratch-trace-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := compile(ctx, dir); err != nil {
		return err
	}
	began := time.Now()
	failed := isolated(ctx, dir)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	seen, err := observe(filepath.Join(dir, traces))
	if err != nil {
		return errors.Join(failed, err)
	}
	fmt.Fprintf(os.Stderr, "traced in %v\n", time.Since(began).Round(time.Second))
	return errors.Join(failed, report(os.Stdout, p, seen))
}

// compile makes the tests into one program: there is no network where they run.
func compile(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", filepath.Join(dir, program), "./tests")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compiling the container tests: %w", err)
	}
	return nil
}

// isolated runs this program again, with a network and mounts of its own.
func isolated(ctx context.Context, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"-inside", dir}, os.Args[1:]...)...) //nolint:gosec // its own arguments, to itself
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tracing the container tests (it takes root): %w", err)
	}
	return nil
}
