package base

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// need is something that compiling needs, and the packages that have it.
type need struct{ what, debian, alpine string }

// compilers are the programs the recipes run whose names have a prefix where
// they are for another platform.
var compilers = []need{
	{"gcc", "gcc", "gcc"},
	{"gcc-ar", "gcc", "gcc"},
	{"gcc-ranlib", "gcc", "gcc"},
	{"strip", "binutils", "binutils"},
}

// helpers are the other programs the recipes run.
var helpers = []need{
	{"make", "make", "make"},
	{"perl", "perl", "perl"},
	{"sed", "sed", "busybox"},
	{"install", "coreutils", "busybox"},
	{"cp", "coreutils", "busybox"},
}

// required are the programs of this machine's own toolchain.
var required = slices.Concat(compilers, helpers)

// What else is needed.
var (
	modules       = need{"perl's standard modules", "perl", "perl"}
	kernelHeaders = need{"the kernel's headers", "linux-libc-dev", "linux-headers"}
)

// perlModules are those that OpenSSL's Configure needs and a minimal perl
// lacks. Loading them would take longer than all the rest.
var perlModules = []string{
	"-e", `foreach my $module (@ARGV) { die $module unless grep { -e "$_/$module" } @INC }`,
	"FindBin.pm", "IPC/Cmd.pm", "File/Compare.pm", "Time/Piece.pm",
}

// place is where a toolchain is looked for.
type place interface {
	// folders returns the PATH and the folder that has the kernel's headers.
	folders() (path, include string)
	// needs returns the programs to look for, the compiler first, and the kernel's
	// headers.
	needs() (programs []need, headers need)
	// stat follows links, as programs of the place do.
	stat(name string) (fs.FileInfo, error)
	// ask runs a program and returns what it prints. That it fails is an
	// *exec.ExitError.
	ask(ctx context.Context, program string, args ...string) (string, error)
}

// survey describes the toolchain of a place, but for its ID, or names all that
// is missing at once.
func survey(ctx context.Context, p place) (t Toolchain, missing []need, err error) {
	path, include := p.folders()
	programs, kernel := p.needs()
	for _, n := range programs {
		if _, err := lookPath(n.what, path, p.stat); err != nil {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 { // there may be nobody to ask for the rest
		if _, err := p.stat(filepath.Join(include, "linux")); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, kernel)
		}
		return Toolchain{}, missing, nil
	}
	_, err = p.ask(ctx, "perl", perlModules...)
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		missing = append(missing, modules)
	} else if err != nil {
		return Toolchain{}, nil, err
	}
	gcc := programs[0].what
	t.Headers, err = headers(ctx, p, gcc)
	if errors.Is(err, fs.ErrNotExist) {
		missing = append(missing, kernel)
	} else if err != nil {
		return Toolchain{}, nil, err
	}
	version, err := p.ask(ctx, gcc, "-dumpfullversion")
	if err != nil {
		return Toolchain{}, nil, err
	}
	if t.GCC, err = strconv.Atoi(strings.Split(version, ".")[0]); err != nil {
		return Toolchain{}, nil, fmt.Errorf("reading the version of gcc: %q is none", version)
	}
	t.Version, err = printed(ctx, p, gcc)
	return t, missing, err
}

// printed is what the compiler and its linker print as their versions, those of the
// distribution's packages included: releases of one gcc make different bytes.
func printed(ctx context.Context, p place, gcc string) (string, error) {
	var all []string
	for _, question := range []string{"--version", "-Wl,--version"} {
		text, err := p.ask(ctx, gcc, question)
		if err != nil {
			return "", err
		}
		line, _, _ := strings.Cut(text, "\n")
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(all, ", "), nil
}

// headers returns where linux, asm and asm-generic are.
func headers(ctx context.Context, p place, gcc string) ([]string, error) {
	multiarch, err := p.ask(ctx, gcc, "-print-multiarch")
	if err != nil {
		return nil, err
	}
	_, include := p.folders()
	asm := filepath.Join(include, multiarch, "asm")
	if _, err := p.stat(asm); errors.Is(err, fs.ErrNotExist) {
		asm = filepath.Join(include, "asm")
	}
	dirs := []string{filepath.Join(include, "linux"), filepath.Join(include, "asm-generic"), asm}
	for _, dir := range dirs {
		if _, err := p.stat(dir); err != nil {
			return nil, fmt.Errorf("looking for the kernel's headers: %w", err)
		}
	}
	return dirs, nil
}

// names lists what is missing, and the packages that have it, each once.
func names(missing []need, pkg func(need) string) (what, packages []string) {
	for _, n := range missing {
		what = append(what, n.what)
		if !slices.Contains(packages, pkg(n)) {
			packages = append(packages, pkg(n))
		}
	}
	return what, packages
}
