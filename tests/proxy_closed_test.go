package tests

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An upstream that keeps connections open, as it says, but then closes them all the
// same costs no request: nginx asks again on another connection.
func TestUpstreamThatClosesKeptConnections(t *testing.T) {
	t.Parallel()
	listener, app := socket(t)
	var connections, answers atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go closing(conn, &answers)
		}
	}()
	s := start(t, app, config(map[string]string{"site.conf": `
		upstream app { server unix:/run/app/app.sock; keepalive 8; }
		server {
			listen 8080;
			location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
		}`}))
	s.staysWell(t)
	client := dialer(t, s.inside(t, "8080/tcp"), nil)
	for i := range 300 {
		path := fmt.Sprintf("/%d", i)
		got := fetch(t, client, http.MethodGet, "http://site"+path)
		require.Equal(t, http.StatusOK, got.status, path)
		require.Equal(t, path, got.body)
	}
	require.Equal(t, int32(300), answers.Load())
	t.Logf("%d connections for 300 requests", connections.Load())
	require.Greater(t, connections.Load(), int32(100))
}

// closing answers on a connection, and closes it: at once, a moment later, or when the
// next request has come, which is then lost.
func closing(conn net.Conn, answers *atomic.Int32) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		n := answers.Add(1)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r.URL.Path), r.URL.Path)
		switch n % 4 {
		case 0:
			return
		case 1:
			time.Sleep(time.Duration(n%7) * 100 * time.Microsecond)
			return
		case 2: // what has come and was not read makes it a reset
			_, _ = in.Peek(1)
			return
		}
	}
}
