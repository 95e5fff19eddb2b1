// Command launcher is in the place of an nginx of another platform where nothing
// tells the kernel to start an emulator for it: it becomes the emulator that runs it.
package main

import (
	"fmt"
	"os"
	"syscall"
)

const (
	// emulator is where the tests put QEMU. The kernel shows it under this name,
	// by which the health check looks for nginx.
	emulator = "/emulator/nginx"
	program  = "/usr/sbin/nginx.foreign"
)

func main() {
	argv := append([]string{emulator, "-0", "nginx", program}, os.Args[1:]...)
	err := syscall.Exec(emulator, argv, os.Environ()) //nolint:gosec // its path is constant
	fmt.Fprintln(os.Stderr, "launcher:", err)
	os.Exit(1)
}
