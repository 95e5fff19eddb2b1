package tests

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Datagrams that are nobody's, as many as can be sent, keep none from being answered.
func TestHTTP3AmongNoise(t *testing.T) {
	t.Parallel()
	needs(t, http3Module)
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp", "8443/udp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": newestHTTP}), site(map[string]string{"index.html": "home"}))
	s.staysWell(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan int)
	addr := s.addr(t, "8443/udp")
	go func() { done <- noise(ctx, addr) }()
	quic, _ := quicClient(t, addr, ca.trust())
	tcp := dialer(t, s.addr(t, "8443/tcp"), ca.trust())
	for i := range 200 {
		for name, client := range map[string]*http.Client{"HTTP/3": quic, "TCP": tcp} {
			got, err := try(ctx, client, http.MethodGet, "https://site.test/", nil)
			require.NoError(t, err, fmt.Sprint(name, i))
			require.Equal(t, "home", got.body)
		}
	}
	cancel()
	sent := <-done
	t.Logf("%d datagrams", sent)
	require.Greater(t, sent, 1000)
}

// noise sends datagrams that begin as those of QUIC do, until it is told to end.
func noise(ctx context.Context, addr string) (sent int) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", addr)
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close() }()
	data := make([]byte, 1400)
	for ; sent < 1_000_000 && ctx.Err() == nil; sent++ {
		_, _ = rand.Read(data)
		data[0] = []byte{0x40, 0xc0, 0xe0, 0x00}[sent%4] // short, Initial, Handshake, neither
		if sent%3 == 0 {
			copy(data[1:], []byte{0, 0, 0, 1}) // version 1
		}
		if _, err := conn.Write(data[:20+sent%1380]); err != nil && ctx.Err() == nil {
			continue // its port was closed: the container's proxy says so now and then
		}
	}
	return sent
}
