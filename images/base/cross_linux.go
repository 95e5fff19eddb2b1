package base

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// cross is a toolchain for another architecture, as Debian packages them.
type cross struct {
	goarch  string
	machine string // as uname has it
	debian  string // the architecture's name in names of packages
	gcc     string // what the compiler's package is called after
}

var crosses = map[string]cross{
	"amd64":   {"amd64", "x86_64", "amd64", "x86-64-linux-gnu"},
	"arm64":   {"arm64", "aarch64", "arm64", "aarch64-linux-gnu"},
	"riscv64": {"riscv64", "riscv64", "riscv64", "riscv64-linux-gnu"},
}

// Cross returns the toolchain of this machine that compiles for another
// architecture (a GOARCH), identified as Host identifies the machine's own, or
// an error that says what has to be installed. The emulator is part of it: nginx
// is configured by running test programs.
func Cross(ctx context.Context, goarch string, hash func(path string) (string, error)) (Toolchain, error) {
	c, ok := crosses[goarch]
	if !ok {
		return Toolchain{}, fmt.Errorf("compiling for %s: no cross compiler is known for it, only for %q", goarch, slices.Sorted(maps.Keys(crosses)))
	}
	t, err := machine{path: Path, include: "/usr/" + c.gnu() + "/include", cross: &c, hash: hash}.toolchain(ctx)
	if err != nil && ctx.Err() != nil {
		return Toolchain{}, context.Cause(ctx)
	}
	return t, err
}

// gnu is what the compiler calls what it compiles for.
func (c cross) gnu() string { return c.machine + "-linux-gnu" }

func (c cross) prefix() string { return c.gnu() + "-" }

// emulator is static, so that it runs programs below any root.
func (c cross) emulator() string { return "qemu-" + c.machine + "-static" }

func (c cross) needs() (programs []need, headers need) {
	for _, n := range compilers {
		programs = append(programs, need{what: c.prefix() + n.what, debian: n.debian + "-" + c.gcc})
	}
	programs = append(programs, helpers...)
	return append(programs, need{what: c.emulator(), debian: "qemu-user-static"}),
		need{what: "the kernel's headers for " + c.goarch, debian: "linux-libc-dev-" + c.debian + "-cross"}
}
