package base

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/nginx-scratch/nginx-scratch/images/digest"
)

// What gcc runs, and what it links into a static program besides what the
// recipes compile.
var (
	internals = []string{"cc1", "lto1", "lto-wrapper", "collect2", "as", "ld", "ar", "ranlib"}
	objects   = []string{"liblto_plugin.so", "libgcc.a", "libgcc_eh.a", "crtbeginS.o", "crtendS.o"}
)

// identify hashes all of the toolchain that has a say in the bytes it makes.
func (m machine) identify(ctx context.Context, headers []string) (string, error) {
	files, err := m.files(ctx, headers)
	if err != nil {
		return "", err
	}
	hash := m.hash
	if hash == nil {
		hash = digest.File
	}
	sums, err := each(files, hash)
	if err != nil {
		return "", fmt.Errorf("hashing the toolchain: %w", err)
	}
	var all strings.Builder
	for i, file := range files {
		fmt.Fprintf(&all, "%s  %s\n", sums[i], file)
	}
	sum := sha256.Sum256([]byte(all.String()))
	return hex.EncodeToString(sum[:]), nil
}

// files lists the programs, the libraries they load, what gcc links, and the
// headers.
func (m machine) files(ctx context.Context, headers []string) ([]string, error) {
	programs, others, err := m.parts(ctx)
	if err != nil {
		return nil, err
	}
	loaded, err := each(programs, func(program string) ([]string, error) { return libraries(ctx, program) })
	if err != nil {
		return nil, err
	}
	files := slices.Concat(append(loaded, programs)...)
	for _, path := range append(others, headers...) {
		below, err := list(path)
		if err != nil {
			return nil, err
		}
		files = append(files, below...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// parts finds the programs, and the files and folders besides the kernel's headers.
func (m machine) parts(ctx context.Context) (programs, others []string, err error) {
	needed, _ := m.needs()
	for _, n := range needed {
		path, err := lookPath(n.what, m.path, m.stat)
		if err != nil {
			return nil, nil, fmt.Errorf("looking for %s: %w", n.what, err)
		}
		programs = append(programs, path)
	}
	text, err := m.ask(ctx, m.prefix()+"gcc", "-print-search-dirs")
	if err != nil {
		return nil, nil, err
	}
	dirs := map[string]string{}
	for line := range strings.Lines(text) {
		what, where, _ := strings.Cut(strings.TrimSpace(line), ": ")
		dirs[what] = strings.TrimPrefix(where, "=")
	}
	for _, name := range internals {
		path, err := lookPath(name, dirs["programs"]+":"+m.path, m.stat)
		if err != nil {
			return nil, nil, fmt.Errorf("looking for gcc's %s: %w", name, err)
		}
		programs = append(programs, path)
	}
	for _, name := range append(objects, "include") {
		in := filepath.SplitList(dirs["libraries"] + ":" + dirs["programs"])
		i := slices.IndexFunc(in, func(dir string) bool { return exists(filepath.Join(dir, name)) })
		if i < 0 {
			return nil, nil, fmt.Errorf("looking for gcc's %s: it is in none of %q", name, in)
		}
		others = append(others, filepath.Join(in[i], name))
	}
	return programs, others, nil
}

// libraries asks the dynamic linker what it would load for a program. Much of
// a toolchain is there: of ld, most is in libbfd.
func libraries(ctx context.Context, program string) ([]string, error) {
	f, err := elf.Open(program)
	if _, ok := errors.AsType[*elf.FormatError](err); ok || errors.Is(err, io.EOF) {
		return nil, nil // a script
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the libraries of %s: %w", program, err)
	}
	defer func() { _ = f.Close() }() // only read
	i := slices.IndexFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
	if i < 0 {
		return nil, nil // static
	}
	linker, err := io.ReadAll(f.Progs[i].Open())
	if err != nil {
		return nil, fmt.Errorf("looking for the libraries of %s: %w", program, err)
	}
	cmd := exec.CommandContext(ctx, strings.TrimRight(string(linker), "\x00"), "--list", program)
	cmd.Env = []string{}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("looking for the libraries of %s: %w", program, err)
	}
	// Each line has the path of one: "libz.so.1 => /lib/libz.so.1 (0x7f22)".
	return slices.DeleteFunc(strings.Fields(string(out)), func(s string) bool { return !filepath.IsAbs(s) }), nil
}

// list returns path, or the files below it if it is a folder.
func list(path string) (files []string, err error) {
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the toolchain: %w", err)
	}
	return files, nil
}

// each calls f for all items, as many at once as there are processors, and
// returns the results in their order.
func each[T, R any](items []T, f func(T) (R, error)) ([]R, error) {
	results, errs := make([]R, len(items)), make([]error, len(items))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i], errs[i] = f(item)
		})
	}
	wg.Wait()
	return results, errors.Join(errs...)
}
