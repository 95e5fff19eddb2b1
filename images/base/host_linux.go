package base

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// Host returns the toolchain of this machine, identified by the bytes of its
// programs, libraries and headers, whose digests hash gives as digest.File does
// (and without hash does it itself), or an error that says what has to be installed.
func Host(ctx context.Context, hash func(path string) (string, error)) (Toolchain, error) {
	t, err := machine{path: Path, include: "/usr/include", hash: hash}.toolchain(ctx)
	if err != nil && ctx.Err() != nil {
		return Toolchain{}, context.Cause(ctx)
	}
	return t, err
}

// machine is this machine, whose programs are asked without a sandbox.
type machine struct {
	path    string // PATH
	include string // the folder that has the kernel's headers
	cross   *cross // of another platform's toolchain; nil for the machine's own
	hash    func(path string) (string, error)
}

func (m machine) toolchain(ctx context.Context) (Toolchain, error) {
	t, missing, err := survey(ctx, m)
	if err != nil {
		return Toolchain{}, err
	}
	if len(missing) > 0 {
		what, packages := names(missing, func(n need) string { return n.debian })
		return Toolchain{}, fmt.Errorf("compiling%s needs %s, which this machine lacks: run `apt-get install -y %s` "+
			"(or the like of your distribution)", m.purpose(), strings.Join(what, ", "), strings.Join(packages, " "))
	}
	if t.ID, err = m.identify(ctx, t.Headers); err != nil {
		return Toolchain{}, err
	}
	if m.cross != nil {
		t.Prefix, t.Emulator = m.cross.prefix(), m.cross.emulator()
	}
	return t, nil
}

func (m machine) folders() (path, include string) { return m.path, m.include }

func (m machine) needs() ([]need, need) {
	if m.cross == nil {
		return required, kernelHeaders
	}
	return m.cross.needs()
}

// prefix is what the names of the compiler's programs begin with.
func (m machine) prefix() string {
	if m.cross == nil {
		return ""
	}
	return m.cross.prefix()
}

// purpose is what an error says it is compiled for.
func (m machine) purpose() string {
	if m.cross == nil {
		return ""
	}
	return " for " + m.cross.goarch
}

func (machine) stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

func (m machine) ask(ctx context.Context, program string, args ...string) (string, error) {
	path, err := lookPath(program, m.path, os.Stat)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", program, err)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = environment(m.path)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking %s %s: %w", program, args[0], err)
	}
	return string(bytes.TrimSpace(out)), nil
}

// environment is that of programs that are asked.
func environment(path string) []string { return []string{"PATH=" + path, "LC_ALL=C"} }
