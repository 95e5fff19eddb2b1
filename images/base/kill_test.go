package base_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

// lockFolder makes a folder with a file to lock that every user may open.
func lockFolder(t *testing.T) (dir string, lock *os.File) {
	t.Helper()
	dir = t.TempDir()
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := errors.Join(lock.Chmod(0o666), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	return dir, lock
}

// free says whether nobody holds the lock: neither the command nor a process
// that it started.
func free(t *testing.T, lock *os.File) bool {
	t.Helper()
	err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil && !errors.Is(err, unix.EWOULDBLOCK) {
		t.Fatal(err)
	}
	return err == nil
}

// watcher calls a function when the command says that the lock is held.
type watcher struct {
	bytes.Buffer
	held func()
}

func (w *watcher) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "held") {
		w.held()
	}
	return w.Buffer.Write(p)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, uid := range []int{0, 65532} {
		t.Run(fmt.Sprint("as ", uid), func(t *testing.T) {
			t.Parallel()
			needSandbox(t)
			dir, lock := lockFolder(t)
			cause := errors.New("changed my mind")
			ctx, cancel := context.WithCancelCause(t.Context())
			held := false
			c := onSystem(t, "hold", "/shared/lock")
			c.Mounts = append(c.Mounts, base.Mount{Source: dir, Target: "/shared", Writable: true})
			c.UID, c.GID = uid, uid
			out := &watcher{held: func() {
				held = !free(t, lock)
				cancel(cause)
			}}
			c.Output = out
			err := base.Run(ctx, c)
			if !errors.Is(err, cause) || err.Error() != cause.Error() || !held {
				t.Errorf("got %v, held %v: %s", err, held, out)
			}
			if !free(t, lock) {
				t.Error("a process is still there")
			}
		})
	}
}

func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	c := onSystem(t, "exit", "0")
	c.Output = &out
	if err := base.Run(ctx, c); !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("got %v: %s", err, &out)
	}
}

// TestLeftBehind has a command end while one that it started still runs, with
// the output open.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	dir, lock := lockFolder(t)
	c := onSystem(t, "leave", "/shared/lock")
	c.Mounts = append(c.Mounts, base.Mount{Source: dir, Target: "/shared", Writable: true})
	if out, err := run(t, c); out != "held\n" || err != nil {
		t.Errorf("got %v: %s", err, out)
	}
	if !free(t, lock) {
		t.Error("a process is still there")
	}
}

// TestParentKilled kills the process that called Run, which can then do
// nothing about what it started.
func TestParentKilled(t *testing.T) {
	t.Parallel()
	for _, uid := range []string{"0", "65532"} {
		t.Run("as "+uid, func(t *testing.T) {
			t.Parallel()
			needSandbox(t)
			dir, lock := lockFolder(t)
			cmd := command(t, "run", uid, dir)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if line != "held\n" || free(t, lock) {
				t.Errorf("not held: %q, %v", line, err)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			_ = cmd.Wait() // killed
			for deadline := time.Now().Add(10 * time.Second); !free(t, lock); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("a process is still there")
				}
			}
		})
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	needSandbox(t)
	var wg sync.WaitGroup
	for i := range 8 {
		dir := t.TempDir()
		wg.Go(func() {
			var out bytes.Buffer
			c := onSystem(t, "try", "write", "/out/file", fmt.Sprint("/tmp/", i))
			c.Mounts = append(c.Mounts, base.Mount{Source: dir, Target: "/out", Writable: true})
			c.Output = &out
			err := base.Run(t.Context(), c)
			if want := fmt.Sprintf("/out/file: <nil>\n/tmp/%d: <nil>\n", i); out.String() != want || err != nil {
				t.Errorf("run %d: %v: %q", i, err, &out)
			}
			if _, err := os.Stat(filepath.Join(dir, "file")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestNothingIsLeft runs where nothing can be written besides: a sandbox needs
// no place on disk, so there is nothing to clean up.
func TestNothingIsLeft(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	c := onSystem(t, "exit", "0")
	if out, err := run(t, c); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
