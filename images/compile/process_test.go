package compile

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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// programVar turns the test binary into another program: the name of a
// component to be blocked at, and the folder of a kit, are its arguments.
const programVar = "COMPILE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	programs := map[string]func(step, dir string) error{"compile": compileProgram, "full": fullProgram}
	name := os.Getenv(programVar)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := programs[name](os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stdout, "error:", err)
		os.Exit(1)
	}
}

// program is the testing.TB of a kit in another process.
type program struct{ testing.TB }

func (program) Helper()                           {}
func (program) Context() context.Context          { return context.Background() }
func (program) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (program) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// compileProgram prints each step before it is run and what the kit prints. At
// the step it is given it waits for a file, or to be killed, for a minute.
func compileProgram(step, dir string) error {
	k := newKit(program{}, dir, func(k *kit) {
		k.during = func(s string) error {
			fmt.Fprintln(os.Stdout, "step:", s)
			if s != step {
				return nil
			}
			for range 60_000 {
				if _, err := os.Stat(filepath.Join(dir, "go on")); err == nil {
					return nil
				}
				time.Sleep(time.Millisecond)
			}
			return errors.New("nobody said to go on")
		}
	})
	k.notes.tee = os.Stdout
	k.component(program{})
	return nil
}

// command is this binary as another program. Under the race detector it would
// sleep for a second before it exits.
func command(t *testing.T, program, step, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", step, dir)
	cmd.Env = append(os.Environ(), programVar+"="+program, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// start runs compileProgram and returns the lines that it prints.
func start(t *testing.T, step, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := command(t, "compile", step, dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// TestKilled kills a build at each of its steps, and some in between: the next
// one succeeds, and nothing is left of the first but what it completed.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		step string
		want []string // what is complete then
	}{
		{"fetch", nil},
		{"lib: copy hello.txt lib.txt", nil},
		{"lib: write include/lib.h header of lib", nil},
		{"app: show /build/out/lib/lib.txt", []string{"lib"}},
		{"app: copy hello.txt sbin/app", []string{"lib"}},
		{"app: link sbin/app app", []string{"lib"}},
	} {
		t.Run(strings.ReplaceAll(test.step, "/", " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd, lines := start(t, test.step, dir)
			for lines.Scan() && lines.Text() != "step: "+test.step {
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed
			k := newKit(t, dir)
			if got := k.compiled(t); !slices.Equal(got, test.want) {
				t.Errorf("compiled %q, want %q", got, test.want)
			}
			if left := names(t, filepath.Join(k.Dir, "work")); len(left) == 0 && test.step != "fetch" {
				t.Error("there was no work to be abandoned")
			}
			k.component(t)
			if slices.Contains(k.fetched, "lib-1.tar.gz") == slices.Contains(test.want, "lib") {
				t.Errorf("fetched %q", k.fetched)
			}
		})
	}
}

func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for i := range 6 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd, lines := start(t, "", dir)
			lines.Scan() // the first step is about to run
			time.Sleep(rand.N(5 * time.Millisecond))
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed, or done
			k := newKit(t, dir)
			for _, name := range k.compiled(t) {
				p, _ := k.planned(name)
				if _, err := k.cached(p); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			k.component(t)
		})
	}
}

// TestTwoProcesses has two builds at once: one compiles, the other waits and
// uses what the first has made.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"lib: copy hello.txt lib.txt", "app: copy hello.txt sbin/app"} {
		t.Run(step[:3], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			newKit(t, dir) // writes the archives, which both read
			steps := map[string]int{}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 2 {
				cmd, lines := start(t, step, dir)
				wg.Go(func() {
					var printed []string
					for lines.Scan() {
						printed = append(printed, lines.Text())
						mu.Lock()
						steps[lines.Text()]++
						mu.Unlock()
						if lines.Text() == step[:3]+": waiting for another build that is compiling it" {
							if err := write(filepath.Join(dir, "go on"), ""); err != nil {
								t.Error(err)
							}
						}
					}
					if err := cmd.Wait(); err != nil {
						t.Errorf("%v: %q", err, printed)
					}
				})
			}
			wg.Wait()
			k := newKit(t, dir, offline(t))
			for _, s := range []string{"lib: write include/lib.h header of lib", "app: copy hello.txt sbin/app", "app: link sbin/app app"} {
				if n := steps["step: "+s]; n != 1 {
					t.Errorf("%d times %s", n, s)
				}
			}
			k.component(t)
		})
	}
}

// TestRepairedByOthers has another build replace what this one has found
// damaged: it must not be removed again.
func TestRepairedByOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	entry := newKit(t, dir).component(t)
	if err := write(entry.Path("extra"), "damaged"); err != nil {
		t.Fatal(err)
	}
	k := newKit(t, dir, func(k *kit) {
		k.during = func(string) error { // fetch: the damage has been seen
			newKit(t, dir).component(t)
			return nil
		}
	})
	k.component(t)
	if len(k.ran) > 0 || k.notes.String() != "" {
		t.Errorf("ran %q, printed %q", k.ran, &k.notes)
	}
}

// TestKilledLast has a build killed when it had only its last work folder to
// remove.
func TestKilledLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := newKit(t, dir)
	k.component(t)
	if err := write(filepath.Join(k.Dir, "work/app-1/src/app/hello.txt"), ""); err != nil {
		t.Fatal(err)
	}
	newKit(t, dir, offline(t)).component(t)
}

// TestWorkOfOthers starts a build while another one is in the middle of its
// work, which is not abandoned.
func TestWorkOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newKit(t, dir, func(k *kit) {
		k.during = func(step string) error {
			if step != "app: copy hello.txt sbin/app" {
				return nil
			}
			_, err := newKit(t, dir).Component(t.Context(), "other")
			return err
		}
	}).component(t)
}

// TestCancelWaiting cancels a build that waits for another one.
func TestCancelWaiting(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"for a component": "components/app-",
		"for the cache":   "work.lock",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			k := newKit(t, t.TempDir())
			app, _ := k.planned("app")
			want := "locking the cache: context canceled"
			if path != "work.lock" {
				path = "components/app-" + app.Key[:20] + ".lock"
				want = "compiling app 1: locking it: context canceled"
			}
			if err := os.MkdirAll(filepath.Join(k.Dir, "components"), 0o755); err != nil {
				t.Fatal(err)
			}
			other := flock.New(filepath.Join(k.Dir, path))
			if err := other.Lock(); err != nil {
				t.Fatal(err)
			}
			defer other.Unlock()
			k.notes.seen = map[string]func(){"app: waiting": cancel}
			if path == "work.lock" {
				time.AfterFunc(50*time.Millisecond, cancel) // whether or not it waits by then
			}
			if _, err := k.Component(ctx, "app"); !errors.Is(err, context.Canceled) || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}
