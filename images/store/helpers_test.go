package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// data is n bytes that are the same in every run and process.
func data(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(b) // never fails
	return b
}

// input pins content, to be had from places.
func input(content []byte, places ...string) store.Input {
	sum := sha256.Sum256(content)
	return store.Input{Name: "a.tar.gz", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)), Places: places}
}

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// quick are options that do not wait, with what is said on the way written to notes.
func quick(notes *bytes.Buffer) store.Options {
	return store.Options{Backoff: time.Nanosecond, Progress: progress.New(notes, false, time.Now)}
}

// server answers each request with the next of its answers, and the last one from then on.
type server struct {
	URL string

	mu      sync.Mutex
	answers []http.HandlerFunc
	ranges  []string // of each request, its Range header
}

func serve(t *testing.T, answers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{answers: answers}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.URL = h.URL + "/a.tar.gz"
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	answer := s.answers[min(len(s.ranges), len(s.answers)-1)]
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	s.mu.Unlock()
	answer(w, r)
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ranges)
}

// sends is an honest server: ranges, and the length that it has.
func sends(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

// cuts promises content and closes the connection after n bytes of it.
func cuts(content []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		part := &limited{w, n}
		sends(content)(part, r)
		panic(http.ErrAbortHandler)
	}
}

// limited loses what is written after n bytes.
type limited struct {
	http.ResponseWriter

	n int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) <= l.n {
		l.n -= len(p)
		return l.ResponseWriter.Write(p)
	}
	n, err := l.ResponseWriter.Write(p[:l.n])
	l.n = 0
	return n, errors.Join(err, http.NewResponseController(l.ResponseWriter).Flush(), errors.New("cut"))
}

// says is an answer with a status and no useful body.
func says(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
}

// files lists what is below dir, without the locks.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasSuffix(path, ".lock") {
			rel, _ := filepath.Rel(dir, path)
			found = append(found, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wantOnly fails the test unless the store in dir holds content, and nothing else.
func wantOnly(t *testing.T, dir string, content []byte) {
	t.Helper()
	in := input(content)
	if got, want := files(t, dir), []string{filepath.Join("inputs", "sha256", in.SHA256)}; !slices.Equal(got, want) {
		t.Errorf("files in the store: %q, want %q", got, want)
	}
	got, err := os.ReadFile(open(t, dir).Path(in))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Error("the file in the store has the wrong bytes")
	}
}

// wantNone fails the test if the store in dir has anything in inputs.
func wantNone(t *testing.T, dir string) {
	t.Helper()
	if found := files(t, filepath.Join(dir, "inputs")); len(found) > 0 {
		t.Errorf("the store keeps %q", found)
	}
}

// wantError fails the test unless err contains every one of parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one about %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// hasSize says whether the file at path is there and has n bytes.
func hasSize(path string, n int) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() == int64(n)
}
