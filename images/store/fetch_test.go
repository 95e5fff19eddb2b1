package store_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// transport is an http.RoundTripper made of a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// offline is a client that fails the test if anybody uses it.
func offline(t *testing.T) *http.Client {
	t.Helper()
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		t.Errorf("a connection is opened for %s", r.URL)
		return nil, errors.New("no network")
	})}
}

func TestFetchedOnceThenOffline(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(100_000)
	web := serve(t, sends(content))
	in := input(content, web.URL)
	var notes bytes.Buffer
	// The same input twice in one list is downloaded once, as by two processes.
	if err := open(t, dir).Fetch(t.Context(), []store.Input{in, in}, quick(&notes)); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, dir, content)
	if got := web.requests(); len(got) != 1 {
		t.Errorf("%d requests, want 1", len(got))
	}
	if !strings.Contains(notes.String(), "fetching a.tar.gz: done, 100.0 kB in ") {
		t.Errorf("said: %q", &notes)
	}
	notes.Reset()
	opt := quick(&notes)
	opt.Client = offline(t)
	if err := open(t, dir).Fetch(t.Context(), []store.Input{in}, opt); err != nil {
		t.Error(err)
	}
	if notes.Len() > 0 {
		t.Errorf("said although there was nothing to do: %q", &notes)
	}
	info, err := os.Stat(open(t, dir).Path(in))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got != 0o400 {
		t.Errorf("mode %v, want read-only", got)
	}
}

func TestCorruptEntryIsReplaced(t *testing.T) {
	t.Parallel()
	content := data(1000)
	tampered := bytes.Clone(content)
	tampered[500] ^= 1
	tests := []struct {
		name string
		put  func(path string) error
		note string
	}{
		{"tampered", func(path string) error { return os.WriteFile(path, tampered, 0o400) }, "has sha256"},
		{"truncated", func(path string) error { return os.WriteFile(path, content[:999], 0o400) }, "has 999 bytes, not 1000"},
		{"a link", func(path string) error { return os.Symlink(os.DevNull, path) }, "is not a regular file"},
		{"a full directory", func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) }, "is not a regular file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, web := t.TempDir(), serve(t, says(http.StatusNotFound), sends(content))
			s, in := open(t, dir), input(content, web.URL)
			if err := test.put(s.Path(in)); err != nil {
				t.Fatal(err)
			}
			var notes bytes.Buffer
			wantError(t, s.Fetch(t.Context(), []store.Input{in}, quick(&notes)), "404 Not Found")
			wantNone(t, dir)
			if want := "the cached file is corrupt and is fetched again: " + s.Path(in) + " " + test.note; !strings.Contains(notes.String(), want) {
				t.Errorf("said %q, want %q", &notes, want)
			}
			if err := s.Fetch(t.Context(), []store.Input{in}, quick(&notes)); err != nil {
				t.Fatal(err)
			}
			wantOnly(t, dir, content)
		})
	}
}

func TestFilePlace(t *testing.T) {
	t.Parallel()
	content := data(1000)
	wrong := bytes.Repeat([]byte{0}, 1000)
	mirror := t.TempDir()
	for name, b := range map[string][]byte{"right": content, "wrong": wrong, "short": content[:10]} {
		if err := os.WriteFile(filepath.Join(mirror, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ name, place, want string }{
		{"right", "file://" + mirror + "/right", ""},
		{"on this host", "file://localhost" + mirror + "/right", ""},
		{"wrong bytes", "file://" + mirror + "/wrong", "sent wrong bytes"},
		{"wrong size", "file://" + mirror + "/short", "has 10 bytes, not 1000"},
		{"absent", "file://" + mirror + "/absent", "no such file or directory"},
		{"a directory", "file://" + mirror, "is not a regular file"},
		{"relative", "file:right", "is not of the form file:///absolute/path"},
		{"another host", "file://example.com" + mirror + "/right", "is not of the form file:///absolute/path"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			opt := store.Options{Client: offline(t)}
			err := open(t, dir).Fetch(t.Context(), []store.Input{input(content, test.place)}, opt)
			if test.want != "" {
				wantError(t, err, "fetching a.tar.gz: no place has it:\n  "+test.place+": ", test.want)
				wantNone(t, dir)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantOnly(t, dir, content)
		})
	}
}

// The hash judges, so a mirror may redirect to wherever it likes.
func TestRedirectFromHTTPSToHTTP(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(1000)
	web := serve(t, sends(content))
	secure := httptest.NewTLSServer(http.RedirectHandler(web.URL, http.StatusFound))
	t.Cleanup(secure.Close)
	err := open(t, dir).Fetch(t.Context(), []store.Input{input(content, secure.URL)}, store.Options{Client: secure.Client()})
	if err != nil {
		t.Fatal(err)
	}
	wantOnly(t, dir, content)
}

func TestCancelKeepsThePartial(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(100_000)
	ctx, cancel := context.WithCancel(t.Context())
	arrived := make(chan struct{})
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		part := &limited{w, 50_000}
		sends(content)(part, r)
		<-arrived
		cancel()
		<-r.Context().Done()
	}, sends(content))
	in := input(content, web.URL)
	s := open(t, dir)
	go func() {
		defer close(arrived)
		for ctx.Err() == nil {
			if hasSize(filepath.Join(dir, "partial", in.SHA256), 50_000) {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var notes bytes.Buffer
	err := s.Fetch(ctx, []store.Input{in, input(data(7), web.URL)}, store.Options{Parallel: 1, Progress: quick(&notes).Progress})
	if !errors.Is(err, context.Canceled) || err.Error() != "fetching inputs: context canceled" {
		t.Errorf("error %v, want that of the context", err)
	}
	wantNone(t, dir)
	if err := s.Fetch(t.Context(), []store.Input{in}, quick(&notes)); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, dir, content)
	if got := web.requests(); len(got) != 2 || got[1] != "bytes=50000-" {
		t.Errorf("requests %q, want the second to continue after the first", got)
	}
}
