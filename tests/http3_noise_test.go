package tests

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Datagrams that are nobody's keep none behind them from being answered. They
// come in bursts, each as much as a socket's queue holds with room for the
// client's: what a flood would show is which datagrams the kernel drops.
func TestHTTP3AmongNoise(t *testing.T) {
	t.Parallel()
	needs(t, http3Module)
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp", "8443/udp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": newestHTTP}), site(map[string]string{"index.html": "home"}))
	s.staysWell(t)
	addr := s.addr(t, "8443/udp")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	quic, _ := quicClient(t, addr, ca.trust())
	tcp := dialer(t, s.addr(t, "8443/tcp"), ca.trust())
	sent := 0
	for i := range 200 {
		for name, client := range map[string]*http.Client{"HTTP/3": quic, "TCP": tcp} {
			sent += noise(conn, 40)
			got, err := try(t.Context(), client, http.MethodGet, "https://site.test/", nil)
			require.NoError(t, err, fmt.Sprint(name, i))
			require.Equal(t, "home", got.body)
		}
	}
	t.Logf("%d datagrams", sent)
	require.Greater(t, sent, 10_000)
}

// noise sends n datagrams that begin as those of QUIC do, and says how many went out.
func noise(conn net.Conn, n int) (sent int) {
	data := make([]byte, 1400)
	for i := range n {
		_, _ = rand.Read(data)
		data[0] = []byte{0x40, 0xc0, 0xe0, 0x00}[i%4] // short, Initial, Handshake, neither
		if i%3 == 0 {
			copy(data[1:], []byte{0, 0, 0, 1}) // version 1
		}
		if _, err := conn.Write(data[:20+i*1380/n]); err == nil { // its port was closed: the container's proxy says so now and then
			sent++
		}
	}
	return sent
}
