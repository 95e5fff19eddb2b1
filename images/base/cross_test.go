package base

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

func TestCross(t *testing.T) {
	t.Parallel()
	for goarch, c := range crosses {
		if _, err := lookPath(c.prefix()+"gcc", Path, os.Stat); err != nil || goarch == runtime.GOARCH {
			continue // what is missing is another test
		}
		got, err := Cross(t.Context(), goarch, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(got.ID) || got.GCC < 4 {
			t.Errorf("%s: %+v", goarch, got)
		}
		if got.Prefix != c.machine+"-linux-gnu-" || got.Emulator != "qemu-"+c.machine+"-static" {
			t.Errorf("%s: prefix %q, emulator %q", goarch, got.Prefix, got.Emulator)
		}
		for _, dir := range got.Headers {
			if !strings.HasPrefix(dir, "/usr/"+c.machine+"-linux-gnu/include/") || !exists(dir) {
				t.Errorf("%s: headers in %q", goarch, dir)
			}
		}
		if host, err := Host(t.Context(), nil); err == nil && host.ID == got.ID {
			t.Errorf("%s: the machine's own toolchain has the same ID", goarch)
		}
	}
}

func TestCrossUnknown(t *testing.T) {
	t.Parallel()
	_, err := Cross(t.Context(), "s390x", nil)
	if want := `compiling for s390x: no cross compiler is known for it, only for ["amd64" "arm64" "riscv64"]`; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestCrossPrerequisites(t *testing.T) {
	t.Parallel()
	const advice = ", which this machine lacks: run `apt-get install -y "
	for name, test := range map[string]struct {
		goarch string
		remove []string
		want   string
	}{
		"all there": {goarch: "arm64"},
		"no compiler": {
			"arm64", []string{"bin/aarch64-linux-gnu-gcc", "bin/aarch64-linux-gnu-gcc-ar", "bin/aarch64-linux-gnu-gcc-ranlib", "bin/aarch64-linux-gnu-strip"},
			"compiling for arm64 needs aarch64-linux-gnu-gcc, aarch64-linux-gnu-gcc-ar, aarch64-linux-gnu-gcc-ranlib, aarch64-linux-gnu-strip" +
				advice + "gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu` ",
		},
		"nothing": {
			"riscv64", []string{"bin", "include"},
			"compiling for riscv64 needs riscv64-linux-gnu-gcc, riscv64-linux-gnu-gcc-ar, riscv64-linux-gnu-gcc-ranlib, riscv64-linux-gnu-strip, " +
				"make, perl, sed, install, cp, qemu-riscv64-static, the kernel's headers for riscv64" + advice +
				"gcc-riscv64-linux-gnu binutils-riscv64-linux-gnu make perl sed coreutils qemu-user-static linux-libc-dev-riscv64-cross` ",
		},
		"no emulator":           {"riscv64", []string{"bin/qemu-riscv64-static"}, "compiling for riscv64 needs qemu-riscv64-static" + advice + "qemu-user-static` "},
		"no headers":            {"riscv64", []string{"include"}, "compiling for riscv64 needs the kernel's headers for riscv64" + advice + "linux-libc-dev-riscv64-cross` "},
		"no make":               {"arm64", []string{"bin/make"}, "compiling for arm64 needs make" + advice + "make` "},
		"another name":          {"amd64", []string{"bin/x86_64-linux-gnu-gcc"}, "compiling for amd64 needs x86_64-linux-gnu-gcc" + advice + "gcc-x86-64-linux-gnu` "},
		"not all of a compiler": {"riscv64", []string{"gcc/lto1"}, "looking for gcc's lto1: it is not in PATH, which is "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := crosses[test.goarch]
			m, dir := fakeCross(t, &c)
			for _, name := range test.remove {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			got, err := m.toolchain(t.Context())
			if test.want == "" {
				if err != nil || got.GCC != 13 || got.Prefix != c.prefix() || got.Emulator != c.emulator() {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

// What a cross compiler is identified by includes the emulator: nginx is
// configured by what test programs find out in it.
func TestCrossIdentity(t *testing.T) {
	t.Parallel()
	c := crosses["riscv64"]
	m, dir := fakeCross(t, &c)
	testIdentity(t, m, dir)
	if _, err := os.Stat(filepath.Join(dir, "bin", c.emulator())); errors.Is(err, os.ErrNotExist) {
		t.Error("the emulator was not among the files")
	}
}
