package rootfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// programVar turns the test binary into another program; its arguments are the
// name of a file and a folder.
const programVar = "ROOTFS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	programs := map[string]func(name, dir string) error{"fill": fillProgram, "full": fullProgram}
	name := os.Getenv(programVar)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := programs[name](os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stdout, "error:", err)
		os.Exit(1)
	}
}

// fillProgram prints the name of each file before it is added. At the one it
// is given it waits for a file, or to be killed, for a minute.
func fillProgram(name, dir string) error {
	k := newKit(dir)
	k.Progress = progress.New(os.Stdout, false, time.Now)
	_, err := k.Root(context.Background(), "key", func(add func(tree.File) error) error {
		for _, f := range append(sample(), file("last", "")) {
			fmt.Fprintln(os.Stdout, "file:", f.Path)
			for i := 0; f.Path == name; i++ {
				if _, err := os.Stat(filepath.Join(dir, "go on")); err == nil {
					break
				}
				if i == 60_000 {
					return errors.New("nobody said to go on")
				}
				time.Sleep(time.Millisecond)
			}
			if err := add(f); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// command is this binary as another program. Under the race detector it would
// sleep for a second before it exits.
func command(t *testing.T, program, name, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", name, dir)
	cmd.Env = append(os.Environ(), programVar+"="+program, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// start runs fillProgram and returns the lines that it prints.
func start(t *testing.T, name, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := command(t, "fill", name, dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// TestKilled kills a build at some of its files: a temporary folder is left,
// and the next build, of any root, removes it.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bin/busybox", "usr/lib/libc.a", "var/empty", "last"} {
		for _, key := range []string{"key", "other"} {
			t.Run(strings.ReplaceAll(name, "/", " ")+" "+key, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				cmd, lines := start(t, name, dir)
				for lines.Scan() && lines.Text() != "file: "+name {
				}
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				_ = cmd.Wait() // killed
				k := newKit(dir)
				k.clean(t, "key.tmp")
				if _, err := k.Root(t.Context(), key, adds(sample()...)); err != nil {
					t.Fatal(err)
				}
				k.clean(t, key)
			})
		}
	}
}

func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for range 8 {
		dir := t.TempDir()
		cmd, lines := start(t, "", dir)
		lines.Scan() // it begins
		time.Sleep(rand.N(3 * time.Millisecond))
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed, or done
		k := newKit(dir)
		if err := k.verify(t.Context(), "key"); err != nil && !errors.Is(err, errAbsent) {
			t.Errorf("after the kill: %v", err)
		}
		root := k.fill(t, append(sample(), file("last", ""))...)
		if got := listing(t, root); !slices.Contains(got, "last -rw-r--r-- ") {
			t.Errorf("the root is %q", got)
		}
		k.clean(t, "key")
	}
}

// TestTwoProcesses has two builds at once: one unpacks, the other waits and
// uses what the first has made.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	counts := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 2 {
		cmd, lines := start(t, "last", dir)
		wg.Go(func() {
			for lines.Scan() {
				mu.Lock()
				counts[lines.Text()]++
				mu.Unlock()
				if lines.Text() == "waiting for another build that is unpacking the base" {
					if err := os.WriteFile(filepath.Join(dir, "go on"), nil, 0o600); err != nil {
						t.Error(err)
					}
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %v", err, counts)
			}
		})
	}
	wg.Wait()
	if counts["file: last"] != 1 || counts["unpacking the base"] != 1 {
		t.Errorf("the processes printed %v", counts)
	}
	k := newKit(dir)
	if _, err := k.Root(t.Context(), "key", never(t)); err != nil {
		t.Error(err)
	}
	k.clean(t, "key")
}

// TestWorkOfOthers starts a build while another one is unpacking another root,
// whose temporary folder is not abandoned.
func TestWorkOfOthers(t *testing.T) {
	t.Parallel()
	k := newKit(t.TempDir())
	_, err := k.Root(t.Context(), "key", func(add func(tree.File) error) error {
		if err := add(file("before", "")); err != nil {
			return err
		}
		if _, err := k.Root(t.Context(), "other", adds(sample()...)); err != nil {
			return err
		}
		k.clean(t, "key.tmp", "other")
		return add(file("after", ""))
	})
	if err != nil {
		t.Error(err)
	}
	k.clean(t, "key", "other")
}

func TestCancelWaiting(t *testing.T) {
	t.Parallel()
	k := newKit(t.TempDir())
	if err := os.MkdirAll(k.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	other := flock.New(filepath.Join(k.Dir, "key.lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer other.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := k.Root(ctx, "key", never(t)); !errors.Is(err, context.Canceled) || err.Error() != "unpacking the base: context canceled" {
		t.Errorf("got %v", err)
	}
}

// fullProgram unpacks to a disk of its own that has little room, then makes
// room and unpacks again.
func fullProgram(_, dir string) error {
	k := newKit(dir)
	if err := os.Mkdir(k.Dir, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", k.Dir, "tmpfs", 0, "size=1M"); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	other := filepath.Join(k.Dir, "other")
	if err := os.WriteFile(other, make([]byte, 900<<10), 0o600); err != nil {
		return err
	}
	big := file("big", strings.Repeat(".", 200<<10))
	_, err := k.Root(context.Background(), "key", adds(big))
	fmt.Fprintln(os.Stdout, "full:", strings.ReplaceAll(fmt.Sprint(err), dir, "/dir"))
	if _, err := os.Lstat(filepath.Join(k.Dir, "key.tmp")); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the temporary folder is there: %w", err)
	}
	if err := os.Remove(other); err != nil {
		return err
	}
	_, err = k.Root(context.Background(), "key", adds(big))
	return err
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	cmd := command(t, "full", "", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.Output()
	if errors.Is(err, os.ErrPermission) || strings.Contains(string(out), "error: mounting: ") {
		t.Skipf("a small disk needs a mount namespace: %v: %s", err, out)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "full: unpacking the base: the disk of /dir/roots is full, free some and run again: writing big (pkg): write "
	if !strings.HasPrefix(string(out), want) || !strings.Contains(string(out), ": no space left on device\n") {
		t.Errorf("printed %q\nwant %q", out, want)
	}
}
