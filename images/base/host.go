package base

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Path is the PATH of commands in a sandbox that shows the machine's system
// folders. It is fixed: whoever calls the build must not change what compiles.
const Path = "/usr/bin:/bin:/usr/sbin:/sbin"

// Toolchain describes the compiler that commands find in Path.
type Toolchain struct {
	ID      string   // SHA-256, in hexadecimal, over the programs and headers
	GCC     int      // major version
	Version string   // as the compiler prints it
	Headers []string // folders of the kernel's user headers
}

// Host returns the toolchain of this machine, or an error that says what has
// to be installed.
func Host(ctx context.Context) (Toolchain, error) {
	t, err := machine{path: Path, include: "/usr/include"}.toolchain(ctx)
	if err != nil && ctx.Err() != nil {
		return Toolchain{}, context.Cause(ctx)
	}
	return t, err
}

// machine is where a toolchain is looked for.
type machine struct {
	path    string // PATH
	include string // the folder that has the kernel's headers
}

// required are the programs the recipes run, and the Debian package of each.
var required = []struct{ program, pkg string }{
	{"gcc", "gcc"}, {"gcc-ar", "gcc"}, {"gcc-ranlib", "gcc"}, {"strip", "binutils"},
	{"make", "make"}, {"perl", "perl"}, {"sed", "sed"}, {"install", "coreutils"}, {"cp", "coreutils"},
}

// perlModules are those that OpenSSL's Configure needs and a minimal perl
// lacks. Loading them would take longer than all the rest.
var perlModules = []string{
	"-e", `foreach my $module (@ARGV) { die $module unless grep { -e "$_/$module" } @INC }`,
	"FindBin.pm", "IPC/Cmd.pm", "File/Compare.pm", "Time/Piece.pm",
}

func (m machine) toolchain(ctx context.Context) (Toolchain, error) {
	headers, err := m.prerequisites(ctx)
	if err != nil {
		return Toolchain{}, err
	}
	version, err := m.ask(ctx, "gcc", "-dumpfullversion")
	if err != nil {
		return Toolchain{}, err
	}
	major, err := strconv.Atoi(strings.Split(version, ".")[0])
	if err != nil {
		return Toolchain{}, fmt.Errorf("reading the version of gcc: %q is none", version)
	}
	id, err := m.identify(ctx, headers)
	if err != nil {
		return Toolchain{}, err
	}
	return Toolchain{ID: id, GCC: major, Version: "gcc " + version, Headers: headers}, nil
}

// prerequisites returns the folders of the kernel's headers, or names all that
// is missing at once.
func (m machine) prerequisites(ctx context.Context) (headers []string, err error) {
	var missing, packages []string
	lacks := func(what, pkg string) {
		missing = append(missing, what)
		if !slices.Contains(packages, pkg) {
			packages = append(packages, pkg)
		}
	}
	for _, r := range required {
		if _, err := lookPath(r.program, m.path); err != nil {
			lacks(r.program, r.pkg)
		}
	}
	if len(missing) == 0 {
		if _, err := m.ask(ctx, "perl", perlModules...); err != nil {
			lacks("perl's standard modules", "perl")
		}
		headers, err = m.headers(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			lacks("the kernel's headers", "linux-libc-dev")
		}
	}
	if len(missing) > 0 {
		err = fmt.Errorf("compiling needs %s, which this machine lacks: run `apt-get install -y %s` "+
			"(or the like of your distribution)", strings.Join(missing, ", "), strings.Join(packages, " "))
	}
	return headers, err
}

// ask runs a program of the toolchain and returns what it prints.
func (m machine) ask(ctx context.Context, program string, args ...string) (string, error) {
	path, err := lookPath(program, m.path)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", program, err)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"PATH=" + m.path, "LC_ALL=C"}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking %s %s: %w", program, args[0], err)
	}
	return string(bytes.TrimSpace(out)), nil
}

// headers returns where linux, asm and asm-generic are.
func (m machine) headers(ctx context.Context) ([]string, error) {
	multiarch, err := m.ask(ctx, "gcc", "-print-multiarch")
	if err != nil {
		return nil, err
	}
	asm := filepath.Join(m.include, multiarch, "asm")
	if !exists(asm) {
		asm = filepath.Join(m.include, "asm")
	}
	dirs := []string{filepath.Join(m.include, "linux"), filepath.Join(m.include, "asm-generic"), asm}
	for _, dir := range dirs {
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("looking for the kernel's headers: %w", err)
		}
	}
	return dirs, nil
}
