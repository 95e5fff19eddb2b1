package tests

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// socket listens on a Unix socket that a container reaches as /run/app/app.sock: an
// application outside, without a port on this machine or a way through its firewall.
func socket(t *testing.T) (net.Listener, option) {
	t.Helper()
	dir, err := os.MkdirTemp("", "app") //nolint:usetesting // a socket's address has 107 bytes, t.TempDir may have more
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "app.sock")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() }) // a server has closed it
	require.NoError(t, os.Chmod(path, 0o666))
	return listener, files(dir, "/run/app")
}

// serving runs a server of connections until the test ends.
func serving(t *testing.T, listener net.Listener, handle func(net.Conn) error) {
	t.Helper()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				if err := errors.Join(handle(conn), conn.Close()); err != nil {
					t.Errorf("serving a connection: %v", err)
				}
			}()
		}
	}()
}

func TestWebSocketPassesThrough(t *testing.T) {
	t.Parallel()
	listener, app := socket(t)
	serving(t, listener, func(conn net.Conn) error {
		reader := bufio.NewReader(conn)
		req, err := http.ReadRequest(reader)
		if err != nil {
			return err
		}
		if req.Header.Get("Upgrade") != "websocket" || req.Header.Get("Connection") != "upgrade" {
			return fmt.Errorf("headers are %v", req.Header)
		}
		_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello ")
		if err != nil {
			return err
		}
		_, err = io.Copy(conn, reader) // an echo, until the client goes
		return err
	})
	s := start(t, app, config(map[string]string{"site.conf": `
		map $http_upgrade $connection_upgrade { default upgrade; '' close; }
		server {
			listen 8080;
			location / {
				proxy_pass http://unix:/run/app/app.sock;
				proxy_http_version 1.1;
				proxy_set_header Upgrade $http_upgrade;
				proxy_set_header Connection $connection_upgrade;
			}
		}`}))
	conn := dial(t, s.addr(t, "8080/tcp"))
	conn.say(t, "GET /chat HTTP/1.1", "Host: site", "Upgrade: websocket", "Connection: Upgrade")
	require.Equal(t, http.StatusSwitchingProtocols, conn.hear(t, http.MethodGet).status)
	expect := func(want string) {
		got := make([]byte, len(want))
		_, err := io.ReadFull(conn, got)
		require.NoError(t, err)
		same(t, want, string(got), "the stream")
	}
	expect("hello ")
	large := randomText(t, 1<<20)
	for _, text := range []string{"a", "\x81\x00\xff", large} { // each answered before the next
		go func() { _, _ = io.WriteString(conn.Conn, text) }() // what is lost is missed below
		expect(text)
	}
	require.NoError(t, conn.Close())
}

func TestGRPC(t *testing.T) {
	t.Parallel()
	listener, app := socket(t)
	backend := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		_, writeErr := fmt.Fprintf(w, "%s %s %s %s", r.Proto, r.URL.Path, r.Header.Get("TE"), body)
		w.Header().Set("Grpc-Status", "0")
		w.Header().Set("Grpc-Message", fmt.Sprint(errors.Join(err, writeErr)))
	})}
	backend.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = backend.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	s := start(t, app, config(map[string]string{"site.conf": spoken(t, `
		server { listen 8080; http2 on; location / { grpc_pass grpc://unix:/run/app/app.sock; } }`)}))
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/pkg.Service/Call", strings.NewReader("\x00\x00\x00\x00\x02hi"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("TE", "trailers")
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	require.Equal(t, "HTTP/2.0 /pkg.Service/Call trailers \x00\x00\x00\x00\x02hi", string(text))
	require.Equal(t, "0", resp.Trailer.Get("Grpc-Status"))
	require.Equal(t, "<nil>", resp.Trailer.Get("Grpc-Message"))
}
