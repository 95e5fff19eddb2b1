package base_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

// toolchainRoot makes a root that has all that is needed, with the probe for
// every program.
func toolchainRoot(t *testing.T) string {
	t.Helper()
	root := inRoot(t, []string{"usr/bin", "usr/include/linux", "usr/include/asm", "usr/include/asm-generic"}).Root
	for _, name := range []string{"gcc", "gcc-ar", "gcc-ranlib", "strip", "make", "perl", "install"} {
		change(t, root, "usr/bin/"+name, "-> /bin/probe") // of this root, not of the machine
	}
	for _, name := range []string{"bin/sed", "bin/cp"} {
		change(t, root, name, "-> probe")
	}
	change(t, root, "answers/gcc/-dumpfullversion", "15.2.0")
	change(t, root, "answers/gcc/--version", "gcc (Fake 15.2.0) 15.2.0\nCopyright")
	change(t, root, "answers/gcc/-Wl,--version", "GNU ld (Fake) 2.45\nCopyright")
	change(t, root, "answers/gcc/-print-multiarch", "")
	change(t, root, "answers/perl/-e", "")
	return root
}

// change puts a file, a folder ("/"), a link ("-> TARGET") or nothing ("-")
// in the place of what is there.
func change(t *testing.T, root, name, what string) {
	t.Helper()
	path := filepath.Join(root, name)
	err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o755))
	target, isLink := strings.CutPrefix(what, "-> ")
	switch {
	case isLink:
		err = errors.Join(err, os.Symlink(target, path))
	case what == "/":
		err = errors.Join(err, os.Mkdir(path, 0o755))
	case what != "-":
		err = errors.Join(err, os.WriteFile(path, []byte(what), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestInRoot(t *testing.T) {
	t.Parallel()
	needSandbox(t)
	root := toolchainRoot(t)
	got, err := base.InRoot(t.Context(), root, "packages")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(got.ID) || got.GCC != 15 || got.Version != "gcc (Fake 15.2.0) 15.2.0, GNU ld (Fake) 2.45" {
		t.Errorf("got %+v", got)
	}
	if want := []string{"/usr/include/linux", "/usr/include/asm-generic", "/usr/include/asm"}; !slices.Equal(got.Headers, want) {
		t.Errorf("the headers are in %q, want %q", got.Headers, want)
	}
	change(t, root, "answers/gcc/-print-multiarch", "x-linux-gnu")
	change(t, root, "usr/include/x-linux-gnu/asm", "/")
	again, err := base.InRoot(t.Context(), root, "packages")
	if err != nil || again.ID != got.ID || again.Headers[2] != "/usr/include/x-linux-gnu/asm" {
		t.Errorf("again %+v, %v", again, err)
	}
	other, err := base.InRoot(t.Context(), root, "other packages")
	if err != nil || other.ID == got.ID {
		t.Errorf("with other packages %+v, %v", other, err)
	}
}

func TestInRootLacks(t *testing.T) {
	t.Parallel()
	needSandbox(t)
	for name, test := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"no make":        {map[string]string{"usr/bin/make": "-"}, "compiling needs make, which the base's packages lack: add make to them"},
		"no busybox":     {map[string]string{"bin/sed": "-", "bin/cp": "-", "usr/bin/install": "-"}, "compiling needs sed, install, cp, which the base's packages lack: add busybox to them"},
		"several":        {map[string]string{"usr/bin/gcc": "-", "usr/bin/gcc-ar": "-", "usr/bin/strip": "-"}, "compiling needs gcc, gcc-ar, strip, which the base's packages lack: add gcc, binutils to them"},
		"the machine's":  {map[string]string{"usr/bin/make": "-> /usr/bin/env"}, "compiling needs make, which the base's packages lack: add make to them"},
		"no program":     {map[string]string{"usr/bin/make": "/"}, "compiling needs make, which the base's packages lack: add make to them"},
		"a loop":         {map[string]string{"usr/bin/make": "-> make"}, "compiling needs make, which the base's packages lack: add make to them"},
		"a minimal perl": {map[string]string{"answers/perl/-e": "-"}, "compiling needs perl's standard modules, which the base's packages lack: add perl to them"},
		"no headers":     {map[string]string{"usr/include/linux": "-"}, "compiling needs the kernel's headers, which the base's packages lack: add linux-headers to them"},
		"no asm":         {map[string]string{"usr/include/asm": "-> /no/asm"}, "compiling needs the kernel's headers, which the base's packages lack: add linux-headers to them"},
		"perl, headers":  {map[string]string{"usr/include/linux": "-", "answers/perl/-e": "-"}, "compiling needs perl's standard modules, the kernel's headers, which the base's packages lack: add perl, linux-headers to them"},
		"broken gcc":     {map[string]string{"answers/gcc/-print-multiarch": "-"}, "asking gcc -print-multiarch: exit status 1: gcc knows nothing of -print-multiarch; and gives up"},
		"silent gcc":     {map[string]string{"answers/gcc/-dumpfullversion": ""}, `reading the version of gcc: "" is none`},
		"odd gcc":        {map[string]string{"answers/gcc/-dumpfullversion": "clang 15"}, `reading the version of gcc: "clang 15" is none`},
		"another CPU":    {map[string]string{"usr/bin/gcc": "\x7fELF"}, "asking gcc -print-multiarch: starting gcc inside the sandbox: exec format error"},
		"no perl":        {map[string]string{"usr/bin/perl": "#!/no/perl"}, "asking perl -e: starting perl inside the sandbox: no such file or directory"},
		"no dev":         {map[string]string{"dev": "-"}, "asking perl -e: mounting tmpfs at /dev: mkdir /dev: read-only file system"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := toolchainRoot(t)
			for name, what := range test.changes {
				change(t, root, name, what)
			}
			got, err := base.InRoot(t.Context(), root, "packages")
			if err == nil || err.Error() != test.want || got.ID != "" {
				t.Errorf("got %+v, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestInNoRoot(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "none")
	if _, err := base.InRoot(t.Context(), root, "packages"); err == nil || err.Error() != "looking for a toolchain: open "+root+": no such file or directory" {
		t.Errorf("got %v", err)
	}
}

func TestInRootCancelled(t *testing.T) {
	t.Parallel()
	needSandbox(t)
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := base.InRoot(ctx, toolchainRoot(t), "packages"); !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("got %v", err)
	}
}

// TestInRootForbidden looks at a root on a machine that does not allow
// sandboxes: nothing is wrong with the root.
func TestInRootForbidden(t *testing.T) {
	t.Parallel()
	needSandbox(t)
	cmd := command(t, "forbidRoot", toolchainRoot(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if want := "error: " + base.ErrUnavailable.Error() + ": fork/exec "; err == nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("%v: %s\nwant %s", err, out, want)
	}
}

// forbidRootProgram runs in a user namespace of its own, without a right in it.
func forbidRootProgram(args []string) error {
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	_, err := base.InRoot(context.Background(), args[0], "packages")
	return err
}
