package base_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"0", "1", "3", "255"} {
		out, err := run(t, onSystem(t, "exit", code))
		got := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			got = exit.ExitCode()
		} else if err != nil {
			t.Error(err)
		}
		if strconv.Itoa(got) != code || out != "to stdout\nto stderr\n" {
			t.Errorf("exit %s: %d, %q", code, got, out)
		}
	}
}

// TestMistakes has what is not the machine's fault: every error names it, and
// none advises to change the machine.
func TestMistakes(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	for name, test := range map[string]struct {
		change func(*base.Command)
		want   string
	}{
		"no command": {func(c *base.Command) { c.Argv = nil }, "starting a sandbox: the command is empty"},
		"no such program": {func(c *base.Command) { c.Argv, c.Env = []string{"xyz"}, []string{"A=1", "PATH=/usr/bin:/nowhere"} },
			`starting xyz inside the sandbox: it is not in PATH, which is "/usr/bin:/nowhere"`},
		"no PATH":      {func(c *base.Command) { c.Argv = []string{"sh"} }, `starting sh inside the sandbox: it is not in PATH, which is ""`},
		"no such file": {func(c *base.Command) { c.Argv = []string{"/no/xyz"} }, "starting /no/xyz inside the sandbox: no such file or directory"},
		"no program":   {func(c *base.Command) { c.Argv = []string{"/etc"} }, "starting /etc inside the sandbox: permission denied"},
		"program of the machine": {func(c *base.Command) { c.Argv = []string{filepath.Join(probeDir(t), "probe")} },
			"starting " + filepath.Join(probeDir(t), "probe") + " inside the sandbox: no such file or directory"},
		"no work folder":      {func(c *base.Command) { c.Dir = "/no/folder" }, "entering the work folder: chdir /no/folder: no such file or directory"},
		"work folder not set": {func(c *base.Command) { c.Dir = "" }, "entering the work folder: chdir : no such file or directory"},
		"no source": {func(c *base.Command) { c.Mounts = []base.Mount{{Source: dir + "/no", Target: "/a"}} },
			"mounting /a: stat " + dir + "/no: no such file or directory"},
		"a file's target is a folder": {func(c *base.Command) { c.Mounts = []base.Mount{{Source: dir + "/file", Target: "/usr"}} },
			"mounting " + dir + "/file at /usr: one is a file and the other a folder"},
		"target in a read-only mount": {func(c *base.Command) { c.Mounts = []base.Mount{{Source: dir, Target: "/usr/no"}} },
			"mounting " + dir + " at /usr/no: mkdir /usr/no: read-only file system"},
		"no root":         {func(c *base.Command) { c.Root = dir + "/no" }, "mounting /: stat " + dir + "/no: no such file or directory"},
		"root is a file":  {func(c *base.Command) { c.Root = dir + "/file" }, "mounting " + dir + "/file at /: one is a file and the other a folder"},
		"root is no root": {func(c *base.Command) { c.Root = dir }, "mounting proc at /proc: mkdir /proc: read-only file system"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := onSystem(t, "exit", "0")
			test.change(&c)
			out, err := run(t, c)
			if err == nil || err.Error() != test.want || out != "" {
				t.Errorf("got %v\nwant %s\nprinted %q", err, test.want, out)
			}
		})
	}
}

// TestForbidden runs on machines that do not allow sandboxes.
func TestForbidden(t *testing.T) {
	t.Parallel()
	user := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	for name, test := range map[string]struct {
		attr *syscall.SysProcAttr
		root bool // only root can make such a machine
		want string
	}{
		"no namespaces":  {user, false, "fork/exec /proc/self/exe: no space left on device"},
		"no right to":    {user, false, "fork/exec /proc/self/exe: operation not permitted"},
		"no right after": {user, false, "naming the host: operation not permitted"},
		"masked proc":    {&syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}, true, "making /proc: operation not permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.root && os.Geteuid() != 0 {
				t.Skip("only root can prepare this")
			}
			needSandbox(t) // the real machine may be one of these
			cmd := command(t, "forbid", name)
			cmd.SysProcAttr = test.attr
			out, err := cmd.CombinedOutput()
			want := "error: " + base.ErrUnavailable.Error() + ": " + test.want + "; it needs Linux 5.12 or newer"
			if err == nil || !strings.HasPrefix(string(out), want) || !strings.Contains(string(out), "user.max_user_namespaces") {
				t.Errorf("%v: %s\nwant %s", err, out, want)
			}
		})
	}
}

// forbidProgram runs in namespaces of its own. It makes them the named machine
// and tries to run a command.
func forbidProgram(args []string) error {
	runtime.LockOSThread() // capabilities are a thread's
	for name, prepare := range map[string]func() error{
		"no namespaces":  func() error { return os.WriteFile("/proc/sys/user/max_net_namespaces", []byte("0"), 0) },
		"no right to":    dropCapabilities,
		"no right after": func() error { return unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_SYS_ADMIN, 0, 0, 0) },
		"masked proc":    maskProc,
	} {
		if name != args[0] {
			continue
		}
		if err := prepare(); err != nil {
			return fmt.Errorf("preparing: %w", err)
		}
	}
	err := base.Run(context.Background(), base.Command{Argv: []string{"true"}, Env: []string{"PATH=" + base.Path}, Dir: "/", Output: io.Discard})
	if err != nil && !errors.Is(err, base.ErrUnavailable) {
		return fmt.Errorf("not ErrUnavailable: %w", err)
	}
	return err
}

func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}

// maskProc covers a part of /proc, as container engines do, and goes on as an
// ordinary user, to whom the kernel then gives no other proc.
func maskProc() error {
	if err := unix.Mount("tmpfs", "/proc/sys", "tmpfs", 0, ""); err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
		return err
	}
	return unix.Exec("/proc/self/exe", []string{"test", "nothing more"}, os.Environ())
}
