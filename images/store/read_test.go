package store_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

func TestRead(t *testing.T) {
	t.Parallel()
	content := data(5000)
	file := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	chunked := func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush() // no length is sent
		_, _ = w.Write(content)
	}
	for _, tt := range []struct {
		name     string
		answers  []http.HandlerFunc
		limit    int64
		requests int
		want     string // of the error; empty for none
	}{
		{"a good server", []http.HandlerFunc{sends(content)}, 5000, 1, ""},
		{"a server that is busy first", []http.HandlerFunc{says(503), says(429), sends(content)}, 5000, 3, ""},
		{"a connection that is cut first", []http.HandlerFunc{cuts(content, 1000), sends(content)}, 5000, 2, ""},
		{"no length", []http.HandlerFunc{chunked}, 5000, 1, ""},
		{"not there", []http.HandlerFunc{says(404)}, 5000, 1, "404 Not Found"},
		{"too large by its length", []http.HandlerFunc{sends(content)}, 4999, 1, "has 5000 bytes, and 4999 are allowed"},
		{"too large without a length", []http.HandlerFunc{chunked}, 4999, 1, "has more than the 4999 bytes that are allowed"},
		{"always cut", []http.HandlerFunc{cuts(content, 1000)}, 5000, 4, "(attempt 4 of 4)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tt.answers...)
			got, err := store.Read(t.Context(), "the index", []string{s.URL}, tt.limit, quick(&bytes.Buffer{}))
			if tt.want == "" && (err != nil || !bytes.Equal(got, content)) {
				t.Errorf("%d bytes, error %v", len(got), err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "reading the index: ")) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if n := len(s.requests()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
		})
	}
	t.Run("the next place", func(t *testing.T) {
		t.Parallel()
		got, err := store.Read(t.Context(), "the index", []string{"file:///nothing/here", "ftp://host/x", "file://" + file}, 5000, quick(&bytes.Buffer{}))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, error %v", len(got), err)
		}
	})
	t.Run("a password is not shown", func(t *testing.T) {
		t.Parallel()
		_, err := store.Read(t.Context(), "the index", []string{"ftp://me:secret@host/x"}, 5000, quick(&bytes.Buffer{}))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := store.Read(ctx, "the index", []string{"file://" + file, "http://127.0.0.1:1/"}, 10, quick(&bytes.Buffer{}))
		if err == nil || !strings.Contains(err.Error(), "context canceled") {
			t.Errorf("error %v", err)
		}
	})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	silent := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	if err := store.Answers(t.Context(), serve(t, sends(data(10))).URL, time.Minute); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"not there", says(404), "404 Not Found"},
		{"busy", says(503), "503 Service Unavailable"},
		{"silent", silent, "no answer within 50ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := store.Answers(t.Context(), serve(t, tt.answer).URL, 50*time.Millisecond)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	content := data(3000)
	in := input(content)
	s := open(t, t.TempDir())
	for range 2 { // the second finds it there
		if err := s.Put(t.Context(), in, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Verify(in); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.Path(in), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path(in), content[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), in, content); err != nil || s.Verify(in) != nil {
		t.Errorf("a damaged file is not replaced: %v", err)
	}
	other := input(data(3001))
	if err := s.Put(t.Context(), other, content); err == nil || s.Verify(other) == nil {
		t.Errorf("data that is not the input's is kept: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(s.Path(in)), "..", "..", "partial", other.SHA256))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}
