package tests

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	reloads = 6
	// Requests that each client gets answered between two reloads.
	between = 20
)

// generation is a configuration that answers with its own number and its own body.
func generation(n int) map[string]string {
	return map[string]string{"default.conf": fmt.Sprintf(`server {
    listen 8080;
    root /usr/share/nginx/html/%d;
    add_header Generation %d;
}
`, n, n)}
}

// content is the body of a generation: large enough to be sent in pieces.
func content(n int) string {
	return strings.Repeat(fmt.Sprintf("generation %d\n", n), 1<<13)
}

func contents() map[string]string {
	all := map[string]string{}
	for n := range reloads + 1 {
		all[fmt.Sprintf("%d/index.html", n)] = content(n)
	}
	return all
}

func TestReloadUnderLoadFailsNotOneRequest(t *testing.T) {
	t.Parallel()
	conf := directory(t, generation(0))
	s := start(t, files(conf, "/etc/nginx/conf.d"), site(contents()))
	load := newLoad(s.URL)
	for client := range 8 {
		load.add(t, client%2 == 0)
	}
	load.await(t)
	for n := 1; n <= reloads; n++ {
		s.reload(t, conf, generation(n))
		eventually(t, fmt.Sprintf("generation %d", n), func() bool {
			return s.get(t, "/").Header.Get("Generation") == strconv.Itoa(n)
		})
		load.await(t)
	}
	for client, seen := range load.end() {
		require.NoError(t, seen.err, "client %d, after %d answers", client, seen.total)
		assert.Positive(t, seen.of[0], "client %d did not see the first generation", client)
		assert.Positive(t, seen.of[reloads], "client %d did not see the last generation", client)
	}
	assert.True(t, s.state(t).Running)
	_, stderr := s.logs(t)
	assert.Empty(t, stderr)
}

func TestReloadOfABrokenConfigurationKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	conf := directory(t, generation(0))
	s := start(t, files(conf, "/etc/nginx/conf.d"), site(contents()))
	s.reload(t, conf, map[string]string{"default.conf": "server { listen 8080; nonsense; }"})
	eventually(t, "the refusal", func() bool {
		_, stderr := s.logs(t)
		return strings.Contains(stderr, `[emerg] 1#1: unknown directive "nonsense" in /etc/nginx/conf.d/default.conf:1`)
	})
	for range 10 {
		got := s.get(t, "/")
		assert.Equal(t, "0", got.Header.Get("Generation"))
		assert.Equal(t, content(0), got.Body)
	}
	s.reload(t, conf, generation(1))
	eventually(t, "the mended configuration", func() bool { return s.get(t, "/").Header.Get("Generation") == "1" })
}

// reload replaces configuration files, each in one step, and tells nginx.
func (s *server) reload(t *testing.T, dir string, contents map[string]string) {
	t.Helper()
	next := directory(t, contents)
	for name := range contents {
		require.NoError(t, os.Rename(filepath.Join(next, name), filepath.Join(dir, name)))
	}
	s.signal(t, "HUP")
}

// A load is clients that ask for one page again and again.
type load struct {
	url     string
	stop    chan struct{}
	running sync.WaitGroup
	clients []*answers
}

// answers are what one client got. The error that is not nil was its last.
type answers struct {
	asked atomic.Int64 // requests that have ended, well or not
	total int
	of    [reloads + 1]int // by generation
	err   error
}

func newLoad(url string) *load { return &load{url: url, stop: make(chan struct{})} }

// add starts a client. One that keeps its connection may send a request just when
// nginx closes it; Go then sends it again, as RFC 9112 section 9.3.1 asks for.
func (l *load) add(t *testing.T, keepAlive bool) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: !keepAlive, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.url, http.NoBody)
	require.NoError(t, err)
	got := &answers{}
	l.clients = append(l.clients, got)
	l.running.Go(func() {
		for got.err == nil {
			select {
			case <-l.stop:
				return
			default:
				got.err = got.ask(transport, req)
				got.asked.Add(1)
			}
		}
	})
}

// ask sends one request and holds the response against its generation.
func (a *answers) ask(transport *http.Transport, req *http.Request) error {
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	n, err := strconv.Atoi(resp.Header.Get("Generation"))
	if resp.StatusCode != http.StatusOK || err != nil || string(body) != content(n) {
		return fmt.Errorf("status %d with %d bytes is no answer of generation %d", resp.StatusCode, len(body), n)
	}
	a.total++
	a.of[n]++
	return nil
}

// await returns when every client got some more answers: more than the one that
// may have been on its way.
func (l *load) await(t *testing.T) {
	t.Helper()
	for _, client := range l.clients {
		enough := client.asked.Load() + between
		eventually(t, "every client's next answers", func() bool { return client.asked.Load() >= enough })
	}
}

// end stops the clients.
func (l *load) end() []*answers {
	close(l.stop)
	l.running.Wait()
	return l.clients
}
