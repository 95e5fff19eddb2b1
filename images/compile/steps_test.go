package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// TestCommands looks at what Run is asked to do, and at the log of it.
func TestCommands(t *testing.T) {
	t.Parallel()
	for name, root := range map[string]string{"this machine": "", "a root": "/cache/roots/key/root"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testCommands(t, root)
		})
	}
}

func testCommands(t *testing.T, root string) {
	t.Helper()
	k := newKit(t, t.TempDir())
	k.Root = root
	app, lib := &k.Plan[2], k.Plan[0]
	app.Steps[0].Env = []string{"CC=gcc -static", "EMPTY="}
	var got []base.Command
	k.Run = func(ctx context.Context, c base.Command) error {
		if err := k.run(ctx, c); err != nil {
			return err
		}
		if c.Output == nil {
			t.Error("the output is lost")
		}
		info, err := os.Stat(filepath.Join(c.Mounts[0].Source, "hello.txt"))
		if err != nil || !info.ModTime().Equal(k.Lock.Epoch()) {
			t.Errorf("the source is of %v, %v", info.ModTime(), err)
		}
		c.Output = nil
		got = append(got, c)
		return nil
	}
	entry := k.component(t)
	first := got[len(lib.Steps)]
	work := first.Mounts[0].Source
	for range 3 { // WORK/src/app
		work = filepath.Dir(work)
		if filepath.Base(filepath.Dir(work)) == "work" {
			break
		}
	}
	want := base.Command{
		Root: root,
		Mounts: []base.Mount{
			{Source: work + "/src/app", Target: "/build/src/app", Writable: true},
			{Source: work + "/entry/out", Target: "/build/out/app", Writable: true},
			{Source: filepath.Join(k.Dir, "components", "lib-"+lib.Key[:20], "out"), Target: "/build/out/lib"},
		},
		Argv: []string{"show", "/build/out/lib/lib.txt"},
		Env: []string{
			"PATH=" + base.Path, "HOME=/tmp", "TMPDIR=/tmp", "LC_ALL=C", "TZ=UTC",
			"SOURCE_DATE_EPOCH=1700000000", "MAKEFLAGS=-j3", "CC=gcc -static", "EMPTY=",
		},
		Dir: "/build/src/app",
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantLog := "$ \"CC=gcc -static\" EMPTY= show /build/out/lib/lib.txt\nhello\nof lib\n" +
		"$ \"STEP=of app\" copy hello.txt sbin/app\n$ \"STEP=of app\" copy extra.c extra\n$ \"STEP=of app\" link sbin/app app\n"
	log, err := os.ReadFile(filepath.Join(entry.Dir, "compile.log"))
	if err != nil || string(log) != wantLog {
		t.Errorf("the log is %q, %v\nwant %q", log, err, wantLog)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env, argv []string
		want      string
	}{
		{nil, []string{"make"}, "make"},
		{[]string{"A=1"}, []string{"make", "install", "lib=a.la"}, "A=1 make install lib=a.la"},
		{nil, []string{"./configure", "CFLAGS=-O2 -g", ""}, `./configure "CFLAGS=-O2 -g" ""`},
		{nil, []string{"sed", "-e", "s/-Wl,-E$//", `a\b`, `'`, `"`, "\n"}, `sed -e "s/-Wl,-E$//" "a\\b" "'" "\"" "\n"`},
	} {
		if got := commandLine(recipe.Step{Env: test.env, Argv: test.argv}); got != test.want {
			t.Errorf("%q: got %s, want %s", test.argv, got, test.want)
		}
	}
}

// failing is a kit whose app runs these steps.
func failing(steps ...[]string) func(*kit) {
	return func(k *kit) { k.steps["app"] = steps }
}

func TestFailingStep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := newKit(t, dir, failing([]string{"copy", "hello.txt", "app"}, []string{"count", "25"}, []string{"exit status 2"}))
	if _, err := k.Component(t.Context(), "app"); err == nil {
		t.Error("no error")
	}
	_, err := k.Component(t.Context(), "app") // has a log to replace
	log := filepath.Join(k.Dir, "logs/app.log")
	want := `compiling app 1: running "exit status 2": exit status 2` + "\n" +
		"  line 7\n  line 8\n  line 9\n  line 10\n  line 11\n  line 12\n  line 13\n  line 14\n  line 15\n  line 16\n" +
		"  line 17\n  line 18\n  line 19\n  line 20\n  line 21\n  line 22\n  line 23\n  line 24\n  line 25\n" +
		"  $ \"STEP=of app\" \"exit status 2\"\nThe whole log is " + log
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	text, err := os.ReadFile(log)
	if lines := strings.Split(string(text), "\n"); err != nil || len(lines) != 29 || lines[0] != `$ "STEP=of app" copy hello.txt app` {
		t.Errorf("the log is %q, %v", text, err)
	}
	if got, want := k.compiled(t), []string{"lib"}; !slices.Equal(got, want) {
		t.Errorf("compiled %q, want %q", got, want)
	}
	if !strings.HasSuffix(k.notes.String(), "compiling app 1: failed after 0s\n") {
		t.Errorf("printed %q", &k.notes)
	}
	k.clean(t)
	k = newKit(t, dir)
	k.component(t)
	if slices.Contains(k.fetched, "lib-1.tar.gz") {
		t.Error("lib is compiled again")
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	unavailable := fmt.Errorf("%w: for a test", base.ErrUnavailable)
	for name, test := range map[string]struct {
		change func(*kit)
		want   string // the whole error but what is in the log
	}{
		"nothing printed":   {failing([]string{"exit status 1"}), `running "exit status 1": exit status 1` + "\n  " + `$ "STEP=of app" "exit status 1"` + "\nThe whole log is LOG"},
		"nothing installed": {failing([]string{"count", "1"}), "its steps installed no file"},
		"a pipe installed":  {failing([]string{"fifo", "pipe"}), "hashing what was installed: pipe is neither a file nor a folder nor a link"},
		"no sandbox": {func(k *kit) {
			k.during = func(step string) error {
				if step == "app: copy extra.c extra" {
					return unavailable
				}
				return nil
			}
		}, unavailable.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			k := newKit(t, dir, test.change)
			_, err := k.Component(t.Context(), "app")
			want := "compiling app 1: " + strings.ReplaceAll(test.want, "LOG", filepath.Join(k.Dir, "logs/app.log"))
			if err == nil || err.Error() != want {
				t.Errorf("got %v\nwant %s", err, want)
			}
			if got, want := k.compiled(t), []string{"lib"}; !slices.Equal(got, want) {
				t.Errorf("compiled %q, want %q", got, want)
			}
			k.clean(t)
			newKit(t, dir).component(t)
		})
	}
}

func TestFetchFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cause := errors.New("no place has it")
	k := newKit(t, dir, func(k *kit) { k.during = func(string) error { return cause } })
	if _, err := k.Component(t.Context(), "app"); !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("got %v", err)
	}
	if got := k.compiled(t); len(got) > 0 || len(k.ran) > 0 {
		t.Errorf("compiled %q, ran %q", got, k.ran)
	}
	newKit(t, dir).component(t)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("changed my mind")
	k := newKit(t, dir, func(k *kit) {
		k.during = func(step string) error {
			if step != "app: copy extra.c extra" {
				return nil
			}
			cancel(cause)
			return errors.New("signal: killed")
		}
	})
	_, err := k.Component(ctx, "app")
	if !errors.Is(err, cause) || err.Error() != "compiling app 1: changed my mind" {
		t.Errorf("got %v", err)
	}
	if got, want := k.compiled(t), []string{"lib"}; !slices.Equal(got, want) {
		t.Errorf("compiled %q, want %q", got, want)
	}
	if logs := names(t, filepath.Join(k.Dir, "logs")); len(logs) > 0 {
		t.Errorf("logs are kept: %q", logs)
	}
	k.clean(t)
	newKit(t, dir).component(t)
}

func TestKeep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := func(k *kit) string {
		path := filepath.Join(k.Dir, "kept/app/src/app/hello.txt")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if want := "app: the work folder is kept at " + filepath.Join(k.Dir, "kept/app") + "\n"; !strings.Contains(k.notes.String(), want) {
			t.Errorf("printed %q, want %q", &k.notes, want)
		}
		return string(text)
	}
	k := newKit(t, dir, failing([]string{"exit status 1"}))
	k.Keep = true
	if _, err := k.Component(t.Context(), "app"); err == nil {
		t.Fatal("no error")
	}
	if got, want := kept(k), "hello\npatched app\n"; got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
	k.clean(t)

	k = newKit(t, dir)
	k.Keep = true
	k.component(t)
	kept(k)
	newKit(t, dir, offline(t)).component(t)
	newKit(t, dir, func(k *kit) { k.salt["app"] = "changed" }).component(t)
	kept(k) // also after another build
}

// TestPermissions holds that what is installed is for every user to read, as
// the next build may be by another. The umask is the process's, so it is not
// parallel.
func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	defer syscall.Umask(syscall.Umask(0o077))
	entry := newKit(t, dir).component(t)
	for name, want := range map[string]os.FileMode{"out": 0o755 | os.ModeDir, "compile.log": 0o600, "manifest.json": 0o600} {
		if info, err := os.Lstat(filepath.Join(entry.Dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

// Whoever compiles for several platforms is told which, and finds what is left of
// each.
func TestPlatform(t *testing.T) {
	t.Parallel()
	k := newKit(t, t.TempDir(), failing([]string{"copy", "hello.txt", "app"}, []string{"exit status 2"}))
	k.Platform, k.Keep = "linux/riscv64", true
	_, err := k.Component(t.Context(), "app")
	log := filepath.Join(k.Dir, "logs/app-riscv64.log")
	if err == nil || !strings.HasPrefix(err.Error(), "compiling app 1 for linux/riscv64: running ") || !strings.HasSuffix(err.Error(), log) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(log); err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"compiling lib 1 for linux/riscv64: done in 0s\n", "compiling app 1 for linux/riscv64: failed after 0s\n",
		"app: the work folder is kept at " + filepath.Join(k.Dir, "kept/app-riscv64") + "\n",
	} {
		if !strings.Contains(k.notes.String(), want) {
			t.Errorf("printed %q, not %q", &k.notes, want)
		}
	}
}
