package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/load"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/report"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// machine describes where the bench runs.
func machine(ctx context.Context, divided cpus) (report.Machine, error) {
	var names unix.Utsname
	if err := unix.Uname(&names); err != nil {
		return report.Machine{}, fmt.Errorf("asking for the kernel: %w", err)
	}
	engine, err := server.Engine(ctx)
	if err != nil {
		return report.Machine{}, err
	}
	generators, err := load.Versions(ctx)
	if err != nil {
		return report.Machine{}, err
	}
	m := report.Machine{
		CPU: model(), CPUs: 1, ServerCPUs: divided.server, LoadCPUs: divided.load,
		Kernel: unix.ByteSliceToString(names.Release[:]), Engine: engine, Generators: generators,
	}
	if !divided.shared {
		m.CPUs += len(strings.Split(divided.load, ","))
	}
	return m, nil
}

// model is what the kernel calls the first CPU.
func model() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer file.Close() //nolint:errcheck // nothing was written
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
