package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// helper is the variable that turns the test binary into another program, which has the size of the
// input, the directory of the store and a place as its arguments.
const helper = "STORE_TEST_HELPER"

func TestMain(m *testing.M) {
	programs := map[string]func(ctx context.Context, in store.Input, dir string) error{
		"fetch": fetchProgram,
		"full":  fullDiskProgram,
	}
	program, ok := programs[os.Getenv(helper)]
	if !ok {
		os.Exit(m.Run())
	}
	var size int
	_, err := fmt.Sscan(os.Args[1], &size)
	if err == nil {
		err = program(context.Background(), input(data(size), os.Args[3]), os.Args[2])
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func fetchProgram(ctx context.Context, in store.Input, dir string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	return s.Fetch(ctx, []store.Input{in}, store.Options{Progress: progress.New(os.Stdout, false, time.Now)})
}

// command runs program as its own process; what it prints can be read from the second result.
func command(t *testing.T, program, dir, place string, size int) (*exec.Cmd, io.Reader) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, strconv.Itoa(size), dir, place)
	cmd.Env = append(os.Environ(), helper+"="+program)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// TestKilled kills a process after the server has sent it some of the bytes, and lets the next
// run find what that left. With all bytes sent, the kill comes anywhere between them and the end.
func TestKilled(t *testing.T) {
	t.Parallel()
	content := data(300_000)
	size := len(content)
	for _, sent := range []int{0, 1, rand.IntN(size), rand.IntN(size), rand.IntN(size), size - 1, size, size, size} {
		t.Run(fmt.Sprintf("after %d bytes", sent), func(t *testing.T) {
			t.Parallel()
			dir, reached := t.TempDir(), make(chan struct{})
			partial := filepath.Join(dir, "partial", input(content).SHA256)
			web := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(size))
				_, _ = w.Write(content[:sent])
				w.(http.Flusher).Flush()
				for sent < size && r.Context().Err() == nil && !hasSize(partial, sent) {
					time.Sleep(time.Millisecond)
				}
				close(reached)
				<-r.Context().Done()
			}, sends(content))
			cmd, out := command(t, "fetch", dir, web.URL, size)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-reached
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			printed, _ := io.ReadAll(out) // ends where the process does
			if err := cmd.Wait(); err == nil && sent < size {
				t.Fatalf("the process was not killed: %s", printed)
			}

			s, in := open(t, dir), input(content, web.URL)
			if err := s.Verify(in); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after the kill: %v", err)
			}
			if err := s.Fetch(t.Context(), []store.Input{in}, store.Options{}); err != nil {
				t.Fatal(err)
			}
			wantOnly(t, dir, content)
			want := fmt.Sprintf("bytes=%d-", sent)
			if got := web.requests(); 0 < sent && sent < size && (len(got) != 2 || got[1] != want) {
				t.Errorf("requests for the ranges %q, want the second for %q", got, want)
			}
		})
	}
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(300_000)
	waiting := make(chan struct{}) // closed when a process says that it waits for the other
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		<-waiting
		sends(content)(w, r)
	})
	var wg sync.WaitGroup
	var once sync.Once
	for range 2 {
		cmd, out := command(t, "fetch", dir, web.URL, len(content))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			var printed strings.Builder
			for lines := bufio.NewScanner(out); lines.Scan(); {
				fmt.Fprintln(&printed, lines.Text())
				if strings.Contains(lines.Text(), "waiting for another build") {
					once.Do(func() { close(waiting) })
				}
			}
			if err := cmd.Wait(); err != nil {
				once.Do(func() { close(waiting) })
				t.Errorf("%v: %s", err, &printed)
			}
		})
	}
	wg.Wait()
	wantOnly(t, dir, content)
	if got := web.requests(); len(got) != 1 {
		t.Errorf("%d requests, want 1", len(got))
	}
	var notes bytes.Buffer
	opt := quick(&notes)
	opt.Client = offline(t)
	if err := open(t, dir).Fetch(t.Context(), []store.Input{input(content)}, opt); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "partial", "*")); err != nil || len(left) != 1 {
		t.Errorf("in partial: %q, want the lock only (%v)", left, err)
	}
}

// The default client uses the proxy that the environment names.
func TestProxy(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(1000)
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "mirror.example" {
			http.Error(w, "not asked as a proxy", http.StatusBadRequest)
			return
		}
		sends(content)(w, r)
	})
	cmd, out := command(t, "fetch", dir, "http://mirror.example/a.tar.gz", len(content))
	cmd.Env = append(cmd.Env, "http_proxy="+proxy.URL, "no_proxy=")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	wantOnly(t, dir, content)
}
