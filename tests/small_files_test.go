package tests

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sendingWays change how nginx gets a file out of a socket. Each is a port: one has
// to have buffers of its own.
var sendingWays = []struct {
	name, listen, directives string
}{
	{"as it comes", "", ""},
	{"few bytes at once", "sndbuf=1k", ""},
	{"few bytes at once, without tcp_nopush", "sndbuf=1k", "tcp_nopush off;"},
	{"without tcp_nopush", "", "tcp_nopush off;"},
	{"without tcp_nodelay", "", "tcp_nodelay off; tcp_nopush off;"},
	{"small chunks", "", "sendfile_max_chunk 4k;"},
	{"larger chunks", "", "sendfile_max_chunk 40k;"},
	{"read", "", "sendfile off;"},
	{"threads", "", "aio threads;"},
	{"threads that read", "", "sendfile off; aio threads;"},
	{"direct", "", "directio 4k;"},
	{"limited", "", "limit_rate 300k;"},
	{"limited, from some bytes on", "", "limit_rate 1m; limit_rate_after 10k;"},
	{"nothing waits", "", "postpone_output 0;"},
	{"open files", "", "open_file_cache max=1000; open_file_cache_min_uses 1;"},
	{"long header", "", strings.Repeat("add_header X-Long "+strings.Repeat("h", 1000)+" always;\n", 9)},
	{"header of 16k", "", strings.Repeat("add_header X-Long "+strings.Repeat("h", 2000)+" always;\n", 8)},
	{"header as long as all", "sndbuf=1k", strings.Repeat("add_header X-Long "+strings.Repeat("h", 2000)+" always;\n", 20)},
	{"header of nearly 4k", "", strings.Repeat("add_header X-Long "+strings.Repeat("h", 1200)+" always;\n", 3)},
	{"from elsewhere", "", "location / { proxy_pass http://127.0.0.1:8000; }"},
	{"from elsewhere, few bytes at once", "sndbuf=1k", "location / { proxy_pass http://127.0.0.1:8000; }"},
	{"from elsewhere, as it comes", "", "proxy_buffering off; location / { proxy_pass http://127.0.0.1:8000; }"},
	{"something around it", "", "addition_types *; add_before_body /1; add_after_body /1400;"},
	{"replaced", "", "sub_filter_types *; sub_filter nothing-like-it x; sub_filter_once off;"},
	{"in chunks", "", "ssi on; ssi_types *;"},
}

// around is what a way puts before and after a file.
func around(way string, files map[string]string) (before, after string) {
	if way == "something around it" {
		return files["1"], files["1400"]
	}
	return "", ""
}

// startSending serves files, named after their sizes, in each way on the port with
// its number.
func startSending(t *testing.T) (s *server, files map[string]string) {
	t.Helper()
	files = map[string]string{}
	for _, size := range []int{0, 1, 1400, 3800, 3850, 3900, 4096, 4097, 8192, 16000, 16383, 16384, 16385, 32768, 40000, 100 << 10} {
		files[strconv.Itoa(size)] = kinds()["random"][:size]
	}
	published, conf := []string{}, "root /usr/share/nginx/html;\n"
	for i, way := range sendingWays {
		published = append(published, fmt.Sprintf("%d/tcp", 8000+i))
		conf += fmt.Sprintf("server { listen %d %s; %s }\n", 8000+i, way.listen, way.directives)
	}
	s = start(t, ports(published...), site(files), config(map[string]string{"site.conf": conf}))
	s.staysWell(t)
	return s, files
}

// narrow dials with a receive buffer of no more than two packets.
func narrow(t *testing.T, addr string) *wire {
	t.Helper()
	dialer := net.Dialer{Timeout: patience, Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2048) })
		return errors.Join(err, failed)
	}}
	conn, err := dialer.DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return newWire(conn)
}

func TestSmallFilesArriveWhole(t *testing.T) {
	t.Parallel()
	s, files := startSending(t)
	for i, way := range sendingWays {
		port := fmt.Sprintf("%d/tcp", 8000+i)
		before, after := around(way.name, files)
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			addr := s.inside(t, port)
			conn := dial(t, addr)
			for range 2 {
				for name, want := range files {
					conn.say(t, "GET /"+name+" HTTP/1.1", "Host: site")
					got := conn.hear(t, http.MethodGet)
					require.Equal(t, http.StatusOK, got.status)
					same(t, before+want+after, got.body, name)
					conn.say(t, "HEAD /"+name+" HTTP/1.1", "Host: site")
					require.Equal(t, http.StatusOK, conn.hear(t, http.MethodHead).status)
					conn.say(t, "GET /"+name+" HTTP/1.1", "Host: site", "If-None-Match: *")
					require.Equal(t, http.StatusNotModified, conn.hear(t, http.MethodGet).status)
				}
			}
			pipeline(t, dial(t, addr), files, before, after, 50, 0)
			if !strings.HasPrefix(way.name, "limited") {
				pipeline(t, narrow(t, addr), files, before, after, 20, 20*time.Millisecond)
				sip(t, narrow(t, addr), "16384", before+files["16384"]+after)
				sip(t, narrow(t, addr), "102400", before+files["102400"]+after)
			}
		})
		if before == "" && way.name != "in chunks" && way.name != "replaced" {
			t.Run(way.name+", ranges", func(t *testing.T) {
				t.Parallel()
				conn := dial(t, s.inside(t, port))
				for _, name := range []string{"1400", "16384", "16385", "102400"} {
					parts(t, conn, name, files[name])
				}
			})
		}
	}
}

// pipeline asks for n files in one packet and takes the answers only after a while.
func pipeline(t *testing.T, conn *wire, files map[string]string, before, after string, n int, wait time.Duration) {
	t.Helper()
	var requests strings.Builder
	var names []string
	for len(names) < n {
		for name := range files {
			names = append(names, name)
			requests.WriteString("GET /" + name + " HTTP/1.1\r\nHost: site\r\n\r\n")
		}
	}
	_, err := io.WriteString(conn.Conn, requests.String())
	require.NoError(t, err)
	time.Sleep(wait)
	for _, name := range names {
		got := conn.hear(t, http.MethodGet)
		require.Equal(t, http.StatusOK, got.status)
		same(t, before+files[name]+after, got.body, name)
	}
}

// parts asks for one range of a file, and for three at once.
func parts(t *testing.T, conn *wire, name, text string) {
	t.Helper()
	last := len(text) - 1
	for _, r := range [][2]int{{0, 0}, {1, last}, {last, last}, {3, last / 2}, {0, last}} {
		conn.say(t, "GET /"+name+" HTTP/1.1", "Host: site", fmt.Sprintf("Range: bytes=%d-%d", r[0], r[1]))
		got := conn.hear(t, http.MethodGet)
		require.Equal(t, http.StatusPartialContent, got.status)
		same(t, text[r[0]:r[1]+1], got.body, name)
	}
	conn.say(t, "GET /"+name+" HTTP/1.1", "Host: site", fmt.Sprintf("Range: bytes=0-9,20-%d,-5", last/2))
	got := conn.hear(t, http.MethodGet)
	_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	require.NoError(t, err)
	reader := multipart.NewReader(strings.NewReader(got.body), params["boundary"])
	for _, want := range []string{text[:10], text[20 : last/2+1], text[len(text)-5:]} {
		part, err := reader.NextPart()
		require.NoError(t, err)
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		same(t, want, string(body), name)
	}
}

// sip reads a few bytes at a time, and only when nginx can send no more.
func sip(t *testing.T, conn *wire, name, want string) {
	t.Helper()
	conn.say(t, "GET /"+name+" HTTP/1.1", "Host: site", "Connection: close")
	time.Sleep(20 * time.Millisecond)
	var all strings.Builder
	piece := make([]byte, 113)
	for {
		n, err := conn.Conn.Read(piece)
		all.Write(piece[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(all.String())), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	same(t, want, string(body), name)
}

// A file that became shorter after nginx looked at it: what there is is sent, and
// the connection closed, for its length has been promised.
func TestSmallFileThatBecameShorter(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"file": strings.Repeat("a", 1000), "other": "other"})
	s := start(t, files(dir, "/usr/share/nginx/html"), config(map[string]string{"site.conf": `
		server { listen 8080; root /usr/share/nginx/html; open_file_cache max=10 inactive=1h; open_file_cache_valid 1h; }`}))
	// Each worker process has a cache of its own, so all that is asked goes through one connection.
	conn := dial(t, s.addr(t, "8080/tcp"))
	conn.say(t, "GET /file HTTP/1.1", "Host: site")
	require.Equal(t, strings.Repeat("a", 1000), conn.hear(t, http.MethodGet).body)
	require.NoError(t, os.Truncate(filepath.Join(dir, "file"), 10))
	conn.say(t, "GET /file HTTP/1.1", "Host: site")
	resp, err := http.ReadResponse(conn.Reader, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, strings.Repeat("a", 10), string(body))
	assert.Equal(t, "other", s.get(t, "/other").Body)
	// The engine may be behind with the logs.
	assert.Eventually(t, func() bool {
		_, stderr := s.logs(t)
		return strings.Contains(stderr, "was truncated")
	}, 10*time.Second, 100*time.Millisecond)
	_, stderr := s.logs(t)
	assert.NotContains(t, stderr, "exited on signal")
}
