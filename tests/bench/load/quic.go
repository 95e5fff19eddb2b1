package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// Quic asks over HTTP/3, on some connections with some requests under way on each.
type Quic struct {
	Connections, Streams int
	Path                 string
	Body                 []byte
}

// Name says who makes the load.
func (Quic) Name() string { return "own client, quic-go" }

// Run implements Generator.
func (q Quic) Run(ctx context.Context, t Target, last time.Duration) (result Result, err error) {
	var transports []*http3.Transport
	defer func() {
		for _, transport := range transports {
			err = errors.Join(err, transport.Close())
		}
	}()
	conf, err := t.config()
	if err != nil {
		return Result{}, err
	}
	for range q.Connections {
		transport := t.quicTransport(conf)
		transports = append(transports, transport)
		if err := q.one(ctx, t, transport, &bytes.Buffer{}); err != nil { // the handshake is not measured
			return Result{}, err
		}
	}
	parallel := q.Connections * q.Streams
	buffers := make([]bytes.Buffer, parallel)
	return own(ctx, last, parallel, func(ctx context.Context, worker int) error {
		return q.one(ctx, t, transports[worker%q.Connections], &buffers[worker])
	})
}

func (q Quic) one(ctx context.Context, t Target, transport *http3.Transport, answer *bytes.Buffer) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+t.ServerName+q.Path, nil)
	if err != nil {
		return fmt.Errorf("one request over HTTP/3: %w", err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("one request over HTTP/3: %w", err)
	}
	answer.Reset()
	_, err = io.Copy(answer, response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return fmt.Errorf("one answer over HTTP/3: %w", err)
	}
	if response.StatusCode != http.StatusOK || !bytes.Equal(answer.Bytes(), q.Body) {
		return fmt.Errorf("one answer over HTTP/3: %s with %d bytes, not the page of %d", response.Status, answer.Len(), len(q.Body))
	}
	return nil
}

// quicTransport is one connection to the target.
func (t Target) quicTransport(conf *tls.Config) *http3.Transport {
	to := net.JoinHostPort("127.0.0.1", strconv.Itoa(t.QUIC))
	return &http3.Transport{
		TLSClientConfig: conf.Clone(), DisableCompression: true,
		Dial: func(ctx context.Context, _ string, conf *tls.Config, settings *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, to, conf, settings)
		},
	}
}
