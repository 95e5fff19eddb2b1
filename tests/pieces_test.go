package tests

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A pieces server is an application that answers piece by piece, each when the test
// says so.
type pieces struct {
	mu      sync.Mutex
	answers map[string]chan string
}

// piecewise starts one that a container reaches as http://unix:/run/app/app.sock.
func piecewise(t *testing.T) (*pieces, option) {
	t.Helper()
	listener, app := socket(t)
	p := &pieces{answers: map[string]chan string{}}
	backend := &http.Server{Handler: p, ReadHeaderTimeout: patience}
	go func() { _ = backend.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	return p, app
}

// of are the pieces of the answer to one path.
func (p *pieces) of(path string) chan string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers[path] == nil {
		p.answers[path] = make(chan string)
	}
	return p.answers[path]
}

func (p *pieces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush() // who hung up is missed by nobody
	for {
		select {
		case piece, more := <-p.of(r.URL.RequestURI()):
			if !more {
				return
			}
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// begin asks for an answer in pieces and returns with its header.
func begin(t *testing.T, client *http.Client, url string, headers ...string) (http.Header, io.Reader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return resp.Header, resp.Body
}

// pass sends pieces, each when the one before has arrived, and is how long each took.
func pass(t *testing.T, to chan<- string, from io.Reader, list ...string) []time.Duration {
	t.Helper()
	var took []time.Duration
	for _, piece := range list {
		got := make([]byte, len(piece))
		select {
		case to <- piece:
		case <-time.After(patience):
			require.Fail(t, "nobody asks for the piece")
		}
		began := time.Now()
		_, err := io.ReadFull(from, got)
		took = append(took, time.Since(began))
		require.NoError(t, err, "a piece of %d bytes", len(piece))
		same(t, piece, string(got), "a piece")
	}
	return took
}

// finish ends the answer, which has to have nothing more.
func finish(t *testing.T, to chan<- string, from io.Reader) {
	t.Helper()
	close(to)
	rest, err := io.ReadAll(from)
	require.NoError(t, err)
	require.Empty(t, rest)
}

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}
