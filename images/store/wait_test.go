package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// These tests run on the clock of synctest, with a transport instead of a network.

// respond is a response of the fake transport.
func respond(code int, header http.Header, body io.Reader) *http.Response {
	return &http.Response{StatusCode: code, Header: header, Body: io.NopCloser(body), ContentLength: -1}
}

// hangs is a body that sends b, and then nothing until ctx ends.
func hangs(ctx context.Context, b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b), reader(func([]byte) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}))
}

type reader func([]byte) (int, error)

func (f reader) Read(p []byte) (int, error) { return f(p) }

func TestWaits(t *testing.T) {
	t.Parallel()
	content := data(1000)
	waits := func(header ...string) transport {
		h := http.Header{"Date": {"Mon, 02 Jan 2006 15:04:05 GMT"}}
		if len(header) > 0 {
			h.Set("Retry-After", header[0])
		}
		return func(*http.Request) (*http.Response, error) {
			return respond(http.StatusServiceUnavailable, h, http.NoBody), nil
		}
	}
	tests := []struct {
		name string
		opt  store.Options
		net  transport
		want string
		took time.Duration
	}{
		{"backoff doubles", store.Options{}, waits(), "503 Service Unavailable (attempt 4 of 4)", 3500 * time.Millisecond},
		{"as configured", store.Options{Attempts: 3, Backoff: time.Second}, waits(), "(attempt 3 of 3)", 3 * time.Second},
		{"one attempt", store.Options{Attempts: 1}, waits(), "(attempt 1 of 1)", 0},
		{"backoff is bounded", store.Options{Attempts: 100, Backoff: time.Second}, waits(), "(attempt 100 of 100)", (1 + 2 + 4 + 8 + 16 + 94*30) * time.Second},
		{"retry-after", store.Options{}, waits("7"), "503", 21 * time.Second},
		{"retry-after is bounded", store.Options{}, waits("86400"), "503", 90 * time.Second},
		{"retry-after by the server's date", store.Options{}, waits("Mon, 02 Jan 2006 15:04:15 GMT"), "503", 30 * time.Second},
		{"retry-after shorter than the backoff", store.Options{}, waits("0"), "503", 3500 * time.Millisecond},
		{"no header", store.Options{Attempts: 2}, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, "nothing received for 30s (attempt 2 of 2)", 60500 * time.Millisecond},
		{"no body", store.Options{Attempts: 2}, func(r *http.Request) (*http.Response, error) {
			return respond(http.StatusOK, nil, hangs(r.Context(), nil)), nil
		}, "stopped after 0 of 1000 bytes: nothing received for 30s (attempt 2 of 2)", 60500 * time.Millisecond},
		{"half a body", store.Options{Attempts: 2, IdleTimeout: time.Second}, func(r *http.Request) (*http.Response, error) {
			return respond(http.StatusOK, nil, hangs(r.Context(), content[:500])), nil
		}, "stopped after 500 of 1000 bytes: nothing received for 1s (attempt 2 of 2)", 2500 * time.Millisecond},
		{"a whole body that does not end", store.Options{}, func(r *http.Request) (*http.Response, error) {
			return respond(http.StatusOK, nil, hangs(r.Context(), content)), nil
		}, "", 0},
		{"slow but never idle", store.Options{}, func(*http.Request) (*http.Response, error) {
			rest := bytes.NewReader(content)
			return respond(http.StatusOK, nil, reader(func(p []byte) (int, error) {
				time.Sleep(29 * time.Second)
				return rest.Read(p[:100])
			})), nil
		}, "", 290 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				opt := test.opt
				opt.Client = &http.Client{Transport: test.net}
				start := time.Now()
				err := open(t, dir).Fetch(t.Context(), []store.Input{input(content, "http://a/")}, opt)
				if took := time.Since(start); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if test.want != "" {
					wantError(t, err, test.want)
					wantNone(t, dir)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				wantOnly(t, dir, content)
			})
		})
	}
}

func TestCancelIsPrompt(t *testing.T) {
	t.Parallel()
	content := data(1000)
	tests := []struct {
		name string
		net  transport
	}{
		{"before the header", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}},
		{"in the body", func(r *http.Request) (*http.Response, error) {
			return respond(http.StatusOK, nil, hangs(r.Context(), content[:500])), nil
		}},
		{"between two attempts", func(*http.Request) (*http.Response, error) {
			return respond(http.StatusServiceUnavailable, http.Header{"Retry-After": {"25"}}, http.NoBody), nil
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				start := time.Now()
				in := input(content, "http://a/", "http://b/")
				err := open(t, dir).Fetch(ctx, []store.Input{in}, store.Options{Client: &http.Client{Transport: test.net}})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want that of the context", err)
				}
				if took := time.Since(start); took != 20*time.Second {
					t.Errorf("took %s, want 20s", took)
				}
				wantNone(t, dir)
			})
		})
	}
}

// While one process fetches an input, others wait for it, and may be told to stop.
func TestCancelWhileLocked(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(1000)
	synctest.Test(t, func(t *testing.T) {
		in := input(content, "http://a/")
		slow := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Second)
			return respond(http.StatusOK, nil, bytes.NewReader(content)), nil
		})}
		done := make(chan error, 1)
		go func() { done <- open(t, dir).Fetch(t.Context(), []store.Input{in}, store.Options{Client: slow}) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var notes bytes.Buffer
		opt := quick(&notes)
		opt.Client = offline(t)
		if err := open(t, dir).Fetch(ctx, []store.Input{in}, opt); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that of the context", err)
		}
		if got, want := notes.String(), "a.tar.gz: waiting for another build that is fetching it\n"; got != want {
			t.Errorf("said %q, want %q", got, want)
		}
		// Without being told, it takes what the first has fetched.
		if err := open(t, dir).Fetch(t.Context(), []store.Input{in}, opt); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		wantOnly(t, dir, content)
		if found, err := filepath.Glob(filepath.Join(dir, "partial", "*")); err != nil || len(found) != 1 {
			t.Errorf("in partial: %q, want the lock only (%v)", found, err)
		}
	})
}
