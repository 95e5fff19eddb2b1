package load

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/andybalholm/brotli"
)

// patience is how long one answer may take.
const patience = 10 * time.Second

// counting counts what is read.
type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// ask sends over HTTP/1.1 what wrk sends, and gives the size of the answer with its
// header. It must be body in the encoding, byte for byte.
func (t Target) ask(ctx context.Context, secure bool, path, encoding string, body []byte) (size int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := t.dial(ctx, secure)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.ServerName+path, nil)
	if err != nil {
		return 0, err
	}
	if encoding != "" {
		request.Header.Set("Accept-Encoding", encoding)
	}
	if err := request.Write(conn); err != nil {
		return 0, err
	}
	counter := &counting{Reader: conn}
	buffer := bufio.NewReader(counter)
	response, err := http.ReadResponse(buffer, request) //nolint:bodyclose // judge closes it
	if err != nil {
		return 0, err
	}
	if err := judge(response, "HTTP/1.1", encoding, body); err != nil {
		return 0, err
	}
	return counter.n - int64(buffer.Buffered()), nil
}

func (t Target) dial(ctx context.Context, secure bool) (net.Conn, error) {
	var dialer net.Dialer
	if !secure {
		return dialer.DialContext(ctx, "tcp4", "127.0.0.1:"+strconv.Itoa(t.HTTP))
	}
	conf, err := t.config()
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{NetDialer: &dialer, Config: conf}).DialContext(ctx, "tcp4", "127.0.0.1:"+strconv.Itoa(t.HTTPS))
}

// askNewer asks over HTTP/2 or HTTP/3.
func (t Target) askNewer(ctx context.Context, protocol, path string, body []byte) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conf, err := t.config()
	if err != nil {
		return err
	}
	var transport http.RoundTripper
	switch protocol {
	case "HTTP/2.0":
		h2 := &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true, DisableCompression: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+strconv.Itoa(t.HTTPS))
			}}
		defer h2.CloseIdleConnections()
		transport = h2
	default:
		h3 := t.quicTransport(conf)
		defer func() { err = errors.Join(err, h3.Close()) }()
		transport = h3
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+t.ServerName+path, nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request) //nolint:bodyclose // judge closes it
	if err != nil {
		return err
	}
	return judge(response, protocol, "", body)
}

// judge holds an answer against the page that it must be.
func judge(response *http.Response, protocol, encoding string, body []byte) (err error) {
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	switch got := response.Header.Get("Content-Encoding"); {
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("the answer is %s", response.Status)
	case response.Proto != protocol:
		return fmt.Errorf("the answer is %s, not %s", response.Proto, protocol)
	case got != encoding:
		return fmt.Errorf("the answer's encoding is %q, not %q", got, encoding)
	case response.Header.Get("Content-Type") != "text/html":
		return fmt.Errorf("the answer's type is %q", response.Header.Get("Content-Type"))
	}
	content := io.Reader(response.Body)
	switch encoding {
	case "gzip":
		if content, err = gzip.NewReader(response.Body); err != nil {
			return fmt.Errorf("decompressing the answer: %w", err)
		}
	case "br":
		content = brotli.NewReader(response.Body)
	}
	got, err := io.ReadAll(io.LimitReader(content, int64(len(body))+1))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if !bytes.Equal(got, body) {
		return fmt.Errorf("the answer has %d bytes, which are not the page of %d", len(got), len(body))
	}
	// To the end of the last chunk, which is beyond that of the data.
	if rest, err := io.Copy(io.Discard, response.Body); err != nil || rest != 0 {
		return fmt.Errorf("%d bytes follow after the page: %w", rest, err)
	}
	return nil
}
