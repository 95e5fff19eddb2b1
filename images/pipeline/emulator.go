package pipeline

import (
	"debug/elf"
	"os/exec"
	"runtime"
	"slices"
)

// emulatorPath is where programs of the image see the emulator that runs them.
const emulatorPath = "/dev/emulator"

// emulators are QEMU's names of what platforms run on.
var emulators = map[string]string{
	"linux/386": "i386", "linux/amd64": "x86_64", "linux/arm/v6": "arm", "linux/arm/v7": "arm",
	"linux/arm64": "aarch64", "linux/loong64": "loongarch64", "linux/ppc64le": "ppc64le",
	"linux/riscv64": "riscv64", "linux/s390x": "s390x",
}

// emulatorOf returns the path of what runs programs of a platform here, which
// is empty where the machine does so itself; ok is false where nothing does.
func emulatorOf(platform string) (path string, ok bool) {
	switch {
	case runtime.GOOS != "linux":
		return "", false
	case platform == hostPlatform():
		return "", true
	}
	for _, suffix := range []string{"-static", ""} {
		path, err := exec.LookPath("qemu-" + emulators[platform] + suffix)
		if err == nil && isStatic(path) {
			return path, true
		}
	}
	return "", false
}

// isStatic reports whether a program runs without files of this machine, which
// are not there below another root.
func isStatic(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only read
	return !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}
