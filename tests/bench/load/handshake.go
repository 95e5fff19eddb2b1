package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Handshakes opens a connection for each request: a full handshake of TLS 1.3, for it
// keeps no session. That none was resumed is checked each time.
type Handshakes struct {
	Parallel int
	Path     string
	Body     []byte
	Group    tls.CurveID
}

// Name says who makes the load.
func (Handshakes) Name() string { return "own client, crypto/tls" }

// Run implements Generator.
func (h Handshakes) Run(ctx context.Context, t Target, last time.Duration) (Result, error) {
	conf, err := t.config()
	if err != nil {
		return Result{}, err
	}
	conf.CurvePreferences = []tls.CurveID{h.Group}
	request := []byte("GET " + h.Path + " HTTP/1.1\r\nHost: " + t.ServerName + "\r\nConnection: close\r\n\r\n")
	buffers := make([]bytes.Buffer, h.Parallel)
	return own(ctx, last, h.Parallel, func(ctx context.Context, worker int) error {
		buffer := &buffers[worker]
		buffer.Reset()
		if err := h.one(ctx, t, conf, request, buffer); err != nil {
			return fmt.Errorf("one connection with TLS: %w", err)
		}
		return nil
	})
}

func (h Handshakes) one(ctx context.Context, t Target, conf *tls.Config, request []byte, answer *bytes.Buffer) (err error) {
	var dialer net.Dialer
	tcp, err := dialer.DialContext(ctx, "tcp4", "127.0.0.1:"+strconv.Itoa(t.HTTPS))
	if err != nil {
		return err
	}
	conn := tls.Client(tcp, conf)
	defer func() { err = errors.Join(err, tcp.Close()) }()
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	state := conn.ConnectionState()
	if state.DidResume || state.Version != tls.VersionTLS13 || state.CurveID != h.Group {
		return fmt.Errorf("it is no full handshake of TLS 1.3 with %v: resumed %v, version %#x, group %v",
			h.Group, state.DidResume, state.Version, state.CurveID)
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if _, err := io.Copy(answer, conn); err != nil {
		return err
	}
	if got := answer.Bytes(); !bytes.HasPrefix(got, []byte("HTTP/1.1 200 OK\r\n")) || !bytes.HasSuffix(got, append([]byte("\r\n\r\n"), h.Body...)) {
		return fmt.Errorf("the answer is not the page but %.200q", got)
	}
	return nil
}
