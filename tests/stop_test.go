package tests

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stop is "docker stop": the image's stop signal, and the end of all patience after
// as many seconds as Docker gives by default: then the exit code is 137. It returns
// before nginx has ended.
func (s *server) stop(t *testing.T) (stopped <-chan error) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		timeout := 10
		_, err := s.engine.ContainerStop(t.Context(), s.GetContainerID(), client.ContainerStopOptions{Timeout: &timeout})
		done <- err
	}()
	return done
}

func TestStopFinishesTheResponseInFlight(t *testing.T) {
	t.Parallel()
	// Larger than all buffers on the way: nginx cannot be done with it before the
	// client is, which here reads only when nginx no longer listens.
	const size = 64 << 20
	dir := directory(t, nil)
	want := fill(t, filepath.Join(dir, "large"), size)
	s := start(t, files(dir, "/usr/share/nginx/html"))
	response := s.open(t, "/large")
	// The engine takes the network away when nginx ends, with what is still in its
	// buffers. A response that is never read to its end keeps nginx from that.
	hold := s.open(t, "/large?hold")

	addr := strings.TrimPrefix(s.URL, "http://")
	stopped := s.stop(t)
	eventually(t, "the end of listening", func() bool { return !staysOpen(t.Context(), addr) })
	stdout, _ := s.logs(t)
	require.Empty(t, stdout, "the response is not in flight, but done")

	got := sha256.New()
	n, err := io.Copy(got, response)
	require.NoError(t, errors.Join(err, response.Close()))
	assert.Equal(t, int64(size), n)
	assert.Equal(t, want, got.Sum(nil))
	assert.True(t, s.state(t).Running, "nginx ended before its responses did")

	require.NoError(t, hold.Close())
	assert.Equal(t, 0, s.exit(t))
	require.NoError(t, <-stopped)
}

// open asks for path and is the body of the answer, none of it read.
func (s *server) open(t *testing.T, path string) io.ReadCloser {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, http.NoBody)
	require.NoError(t, err)
	req.Close = true
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() }) // again, where the test did not come to it
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return resp.Body
}

// fill makes a file of size bytes that are all over the place, and is their sum.
func fill(t *testing.T, name string, size int) []byte {
	t.Helper()
	file, err := os.Create(name)
	require.NoError(t, err)
	sum := sha256.New()
	both := io.MultiWriter(file, sum)
	for at := 0; at < size; at += 1 << 20 {
		line := fmt.Sprintf("%015d\n", at)
		_, err := io.WriteString(both, strings.Repeat(line, 1<<20/len(line)))
		require.NoError(t, err)
	}
	require.NoError(t, file.Chmod(0o644))
	require.NoError(t, file.Close())
	return sum.Sum(nil)
}

func TestStopDoesNotWaitForIdleConnections(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	require.False(t, resp.Close, "the connection is not one that is kept")

	stopped := s.stop(t)
	assert.Equal(t, 0, s.exit(t))
	require.NoError(t, <-stopped)
	rest, err := io.ReadAll(conn) // to its end, which nginx made
	require.NoError(t, err)
	assert.Empty(t, rest)
	require.NoError(t, conn.Close())
}
