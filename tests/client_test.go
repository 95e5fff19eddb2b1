package tests

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An answer is a response, read to its end.
type answer struct {
	status int
	proto  string
	header http.Header
	body   string
	tls    *tls.ConnectionState
}

// dialer makes a client that reaches addr whatever host an address names, so that
// names need no DNS. It neither follows redirects nor unpacks bodies.
func dialer(t *testing.T, addr string, conf *tls.Config) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
		TLSClientConfig:    conf.Clone(), // a transport changes its own
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
		MaxConnsPerHost:    1,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fetch makes one request; headers are name, value, name, value.
func fetch(t *testing.T, client *http.Client, method, url string, headers ...string) answer {
	t.Helper()
	return send(t, client, method, url, nil, headers...)
}

// send is fetch with a request body.
func send(t *testing.T, client *http.Client, method, url string, body io.Reader, headers ...string) answer {
	t.Helper()
	got, err := try(t.Context(), client, method, url, body, headers...)
	require.NoError(t, err)
	return got
}

// try is send for where an error is an outcome too.
func try(ctx context.Context, client *http.Client, method, url string, body io.Reader, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(resp.Body)
	err = errors.Join(err, resp.Body.Close())
	return answer{resp.StatusCode, resp.Proto, resp.Header, string(text), resp.TLS}, err
}

// A wire is a TCP connection for what no HTTP client would send.
type wire struct {
	net.Conn
	*bufio.Reader
}

func (w *wire) Read(p []byte) (int, error) { return w.Reader.Read(p) }

func dial(t *testing.T, addr string) *wire {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // some tests close it themselves
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return newWire(conn)
}

func newWire(conn net.Conn) *wire { return &wire{conn, bufio.NewReader(conn)} }

// say sends lines, ended as HTTP wants them, and an empty one.
func (w *wire) say(t *testing.T, lines ...string) {
	t.Helper()
	_, err := io.WriteString(w.Conn, strings.Join(lines, "\r\n")+"\r\n\r\n")
	require.NoError(t, err)
}

// hear reads one response to a request of that method.
func (w *wire) hear(t *testing.T, method string) answer {
	t.Helper()
	resp, err := http.ReadResponse(w.Reader, &http.Request{Method: method})
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	return answer{resp.StatusCode, resp.Proto, resp.Header, string(text), nil}
}

// ended requires that the other side has closed the connection.
func (w *wire) ended(t *testing.T) {
	t.Helper()
	rest, err := io.ReadAll(w)
	require.NoError(t, err, "the connection stays open")
	require.Empty(t, rest)
}

// same compares large bodies, of which require.Equal would print all.
func same(t *testing.T, want, got, what string) {
	t.Helper()
	require.NoError(t, intact(want, got, what))
}

// intact is same for where a test may not end.
func intact(want, got, what string) error {
	if got == want {
		return nil
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	return fmt.Errorf("%s arrives changed: %d bytes instead of %d, other ones from byte %d on", what, len(got), len(want), at)
}
