//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/syscalls"
)

// prefix and the name of an OCI runtime is what this program is called as one.
const prefix = "traced-"

func tracedRuntime(argv0 string) (name string, ok bool) {
	return strings.CutPrefix(filepath.Base(argv0), prefix)
}

// runtime becomes an OCI runtime, and has strace follow it where it makes a
// container's process. strace is not its parent, and holds none of its pipes:
// engines wait until both are gone.
func runtime(name string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(os.Args[1:], func(arg string) bool { return arg == "create" || arg == "exec" || arg == "run" }) {
		if err := attach(); err != nil {
			return fmt.Errorf("tracing %s: %w", name, err)
		}
	}
	return syscall.Exec(path, append([]string{name}, os.Args[1:]...), os.Environ()) //nolint:gosec // the engine's arguments, to the runtime
}

// finish waits for those strace that write to a folder: they end after their containers.
func finish(dir string) error {
	var left []int
	for range 300 {
		left = left[:0]
		processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			return err
		}
		for _, file := range processes {
			argv, err := os.ReadFile(file)
			if err == nil && strings.HasPrefix(string(argv), "strace\x00") && strings.Contains(string(argv), "\x00"+dir+"/") {
				pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
				if err != nil {
					return err
				}
				left = append(left, pid)
			}
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, pid := range left {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("ending strace, process %d: %w", pid, err)
		}
	}
	return fmt.Errorf("strace, processes %d, had not finished after half a minute: their traces may be incomplete", left)
}

func attach() error {
	pid := strconv.Itoa(os.Getpid())
	output := filepath.Join(filepath.Dir(os.Args[0]), traces, strconv.FormatInt(time.Now().UnixNano(), 10)+"."+pid)
	cmd := exec.Command("strace", "-f", "-qq", "-s", "0", "-e", "signal=none", "-e", "raw="+strings.Join(syscalls.Raw, ","), //nolint:gosec,noctx // it outlives this process, and its arguments are an argv
		"--pidns-translation", "-o", output, "-p", pid)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	for range 1000 {
		if all, err := followed(cmd.Process.Pid); err != nil || all {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("strace, process %d, has not attached to process %s after ten seconds", cmd.Process.Pid, pid)
}

// followed says whether a tracer has all threads of this process. To execute a
// program before that would leave both of them waiting for each other.
func followed(tracer int) (bool, error) {
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		return false, err
	}
	for _, file := range threads {
		status, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		if !strings.Contains(string(status), "\nTracerPid:\t"+strconv.Itoa(tracer)+"\n") {
			return false, nil
		}
	}
	return true, nil
}
