package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// pinned is set in the environment of the process that pin has made.
const pinned = "NGINX_SCRATCH_BENCH_PINNED"

// cpus are the CPUs that this process may use, divided: the first one is for servers, the
// rest for the load.
type cpus struct {
	server, load string // as Linux lists them
	shared       bool   // there is only one
}

// divide pins this process, and with it all that it starts, to the CPUs of the load. The
// scheduler knows threads, so the process has to begin anew.
func divide() (cpus, error) {
	if divided := os.Getenv(pinned); divided != "" {
		server, load, _ := strings.Cut(divided, "/")
		return cpus{server, load, server == load}, nil
	}
	runtime.LockOSThread()
	var may, loads unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return cpus{}, fmt.Errorf("asking which CPUs there are: %w", err)
	}
	var list []string
	for cpu := range len(may) * 64 {
		if may.IsSet(cpu) {
			list = append(list, strconv.Itoa(cpu))
			if len(list) > 1 {
				loads.Set(cpu)
			}
		}
	}
	switch len(list) {
	case 0:
		return cpus{}, errors.New("asking which CPUs there are: there is none")
	case 1:
		loads = may
		list = append(list, list[0])
	}
	if err := unix.SchedSetaffinity(0, &loads); err != nil {
		return cpus{}, fmt.Errorf("pinning the load to its CPUs: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return cpus{}, fmt.Errorf("pinning the load to its CPUs: %w", err)
	}
	err = syscall.Exec(program, os.Args, append(os.Environ(), pinned+"="+list[0]+"/"+strings.Join(list[1:], ","))) //nolint:gosec // itself
	return cpus{}, fmt.Errorf("pinning the load to its CPUs: %w", err)
}
