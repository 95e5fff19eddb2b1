package progress_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*progress.Output)
		want []string
	}{
		{"a download", func(o *progress.Output) {
			task := o.Start("fetching zlib.tar.gz", 2_000_000)
			time.Sleep(1500 * time.Millisecond)
			task.Set(2_000_000)
			task.Done(nil)
		}, []string{"fetching zlib.tar.gz (2.0 MB)", "fetching zlib.tar.gz: done, 2.0 MB in 1.5s"}},
		{"a long step without a size", func(o *progress.Output) {
			task := o.Start("compiling openssl", 0)
			time.Sleep(22 * time.Second)
			task.Done(nil)
		}, []string{"compiling openssl", "compiling openssl: 10s", "compiling openssl: 20s", "compiling openssl: done in 22s"}},
		{"a slow download that starts again", func(o *progress.Output) {
			task := o.Start("fetching a", 4000)
			task.Set(3000)
			time.Sleep(11 * time.Second)
			task.Set(1000)
			time.Sleep(10 * time.Second)
			task.Done(errors.New("reported by the caller"))
		}, []string{"fetching a (4.0 kB)", "fetching a: 3.0 kB of 4.0 kB after 10s", "fetching a: 1.0 kB of 4.0 kB after 20s", "fetching a: failed after 21s"}},
		{"notes between tasks", func(o *progress.Output) {
			o.Note("before")
			task := o.Start("a", 0)
			o.Note("during\n")
			task.Done(nil)
			o.Note("after")
		}, []string{"before", "a", "during", "a: done in 0s", "after"}},
		{"ended twice", func(o *progress.Output) {
			task := o.Start("a", 0)
			task.Done(nil)
			task.Done(errors.New("late"))
		}, []string{"a", "a: done in 0s"}},
		{"no beat when nothing is going on", func(o *progress.Output) {
			o.Start("a", 0).Done(nil)
			time.Sleep(time.Minute)
		}, []string{"a", "a: done in 0s"}},
		{"left open", func(o *progress.Output) {
			o.Start("a", 0)
			o.Start("b", 0)
		}, []string{"a", "b", "a: failed after 0s", "b: failed after 0s"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var buf bytes.Buffer
				o := progress.New(&buf, false, time.Now)
				test.do(o)
				o.Close()
				synctest.Wait()
				if got, want := buf.String(), strings.Join(test.want, "\n")+"\n"; got != want {
					t.Errorf("wrote:\n%swant:\n%s", got, want)
				}
			})
		})
	}
}

// erase is what goes before a redraw: up n lines, clear to the end of the screen.
var erase = regexp.MustCompile("\x1b\\[([0-9]+)A\x1b\\[J")

// screen is what a terminal shows after the text; it fails the test on a sequence it does not know.
func screen(t *testing.T, text string) []string {
	t.Helper()
	var lines []string
	for text != "" {
		if at := erase.FindStringSubmatchIndex(text); at != nil && at[0] == 0 {
			var up int
			if _, err := fmt.Sscan(text[at[2]:at[3]], &up); err != nil || up > len(lines) {
				t.Fatalf("cursor goes up %d of %d lines: %v", up, len(lines), err)
			}
			lines, text = lines[:len(lines)-up], text[at[1]:]
			continue
		}
		line, rest, ok := strings.Cut(text, "\n")
		if !ok || strings.Contains(line, "\x1b") {
			t.Fatalf("half a line, or an unexpected escape sequence: %q", text)
		}
		lines, text = append(lines, line), rest
	}
	return lines
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		o := progress.New(&buf, true, time.Now)
		o.Note("before")
		download := o.Start("fetching a", 4_000_000)
		compile := o.Start("compiling b", 0)
		time.Sleep(time.Second)
		download.Set(4_000_000) // reaching the total does not end the bar
		o.Note("during")
		time.Sleep(time.Second)
		download.Set(1_000_000)
		time.Sleep(time.Second)
		synctest.Wait()

		shown := screen(t, buf.String())
		if len(shown) != 4 || shown[0] != "before" || shown[1] != "during" {
			t.Fatalf("screen with two tasks: %q", shown)
		}
		if !regexp.MustCompile(`^fetching a +\[=+>-+\] +1\.0 MB / 4\.0 MB +3s$`).MatchString(shown[2]) {
			t.Errorf("bar of the download: %q", shown[2])
		}
		if !regexp.MustCompile(`^compiling b +\S +3s$`).MatchString(shown[3]) {
			t.Errorf("bar of the step: %q", shown[3])
		}

		download.Done(errors.New("reported by the caller"))
		compile.Done(nil)
		o.Note("after")
		again := o.Start("fetching c", 10)
		o.Note("last")
		again.Done(nil)
		o.Close()
		want := []string{
			"before", "during", "fetching a: failed after 3s", "compiling b: done in 3s", "after",
			"last", "fetching c: done, 10 B in 0s",
		}
		if got := screen(t, buf.String()); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("screen at the end: %q, want %q", got, want)
		}
	})
}

func TestCloseEndsBars(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		o := progress.New(&buf, true, time.Now)
		task := o.Start("fetching a", 10)
		o.Close()
		task.Set(5)
		task.Done(nil)
		if got := screen(t, buf.String()); len(got) != 1 || got[0] != "fetching a: failed after 0s" {
			t.Errorf("screen at the end: %q", got)
		}
	})
}

// A writer that has gone away must not stop the work, nor hang it.
func TestBrokenWriter(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		t.Run(fmt.Sprintf("terminal %t", terminal), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				reader, writer := io.Pipe()
				if err := reader.Close(); err != nil {
					t.Fatal(err)
				}
				o := progress.New(writer, terminal, time.Now)
				for range 2 {
					task := o.Start("fetching a", 10)
					time.Sleep(time.Minute)
					task.Set(10)
					o.Note("still here")
					o.Start("compiling b", 0).Done(nil)
					task.Done(nil)
				}
				o.Close()
			})
		})
	}
}

func TestNil(t *testing.T) {
	t.Parallel()
	var o *progress.Output
	o.Note("nobody reads this")
	task := o.Start("a", 1)
	task.Set(1)
	task.Done(nil)
	o.Close()
	if task != nil {
		t.Error("a nil Output made a task")
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		t.Run(fmt.Sprintf("terminal %t", terminal), func(t *testing.T) {
			t.Parallel()
			var buf bytes.Buffer
			o := progress.New(&buf, terminal, time.Now)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for range 5 {
						task := o.Start(fmt.Sprintf("task %d", i), 100)
						for n := range int64(100) {
							task.Set(n + 1)
						}
						o.Note(fmt.Sprintf("note %d", i))
						task.Done(nil)
					}
				})
			}
			wg.Wait()
			o.Close()
			lines := screen(t, buf.String())
			for i := range 8 {
				var notes, ends int
				for _, line := range lines {
					if line == fmt.Sprintf("note %d", i) {
						notes++
					}
					if strings.HasPrefix(line, fmt.Sprintf("task %d: done, 100 B in ", i)) {
						ends++
					}
				}
				if notes != 5 || ends != 5 {
					t.Errorf("task %d: %d notes and %d ends on the screen, want 5 of each", i, notes, ends)
				}
			}
		})
	}
}
