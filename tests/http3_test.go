package tests

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/stretchr/testify/require"
)

// quicClient makes a client whose every connection goes to addr and is counted.
func quicClient(t *testing.T, addr string, conf *tls.Config) (*http.Client, *atomic.Int32) {
	t.Helper()
	var connections atomic.Int32
	udp, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, udp.Close()) })
	to, err := net.ResolveUDPAddr("udp", addr)
	require.NoError(t, err)
	carrier := &quic.Transport{Conn: udp}
	t.Cleanup(func() { require.NoError(t, carrier.Close()) })
	transport := &http3.Transport{
		TLSClientConfig: conf,
		Dial: func(ctx context.Context, _ string, conf *tls.Config, qc *quic.Config) (*quic.Conn, error) {
			connections.Add(1)
			return carrier.DialEarly(ctx, to, conf, qc)
		},
	}
	t.Cleanup(func() { require.NoError(t, transport.Close()) })
	return &http.Client{Transport: transport, Timeout: patience}, &connections
}

func TestHTTP3(t *testing.T) {
	t.Parallel()
	image := needs(t, http3Module)
	ca := newAuthority(t, "ca")
	large := randomText(t, 20<<20)
	s := start(t, ports("8443/tcp", "8443/udp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": newestHTTP}),
		site(map[string]string{"large": large, "index.html": "home"}))
	const url = "https://site.test"

	tcp := dialer(t, s.addr(t, "8443/tcp"), ca.trust())
	require.Equal(t, `h3=":8443"; ma=86400`, fetch(t, tcp, http.MethodGet, url).header.Get("Alt-Svc"))

	t.Run("many requests through one connection", func(t *testing.T) {
		t.Parallel()
		client, connections := quicClient(t, s.addr(t, "8443/udp"), ca.trust())
		got := fetch(t, client, http.MethodGet, url)
		require.Equal(t, "home", got.body)
		require.Equal(t, "HTTP/3.0", got.proto)
		require.Equal(t, "nginx", got.header.Get("Server"))
		if image.has(hybridGroups) {
			require.Equal(t, tls.X25519MLKEM768, got.tls.CurveID)
		}
		inParallel(t, client, 100, url+"/echo?")
		require.Equal(t, http.StatusNotFound, fetch(t, client, http.MethodGet, url+"/missing").status)
		got = fetch(t, client, http.MethodGet, url+"/large", "Range", "bytes=5-9")
		require.Equal(t, large[5:10], got.body)
		long := strings.Repeat("h", 7000)
		got = fetch(t, client, http.MethodGet, url+"/echo", "X-Long", long)
		require.Equal(t, "HTTP/3.0 GET  "+long, got.body)
		require.EqualValues(t, 1, connections.Load())
	})
	t.Run("large bodies both ways", func(t *testing.T) {
		t.Parallel()
		client, _ := quicClient(t, s.addr(t, "8443/udp"), ca.trust())
		got := fetch(t, client, http.MethodGet, url+"/large")
		same(t, large, got.body, "a large file")
		exchange(t, client, url, large[:3<<20])
	})
	t.Run("an unknown authority is not trusted", func(t *testing.T) {
		t.Parallel()
		client, _ := quicClient(t, s.addr(t, "8443/udp"), newAuthority(t, "other").trust())
		_, err := try(t.Context(), client, http.MethodGet, url, nil)
		require.ErrorContains(t, err, "unknown authority")
	})
	t.Run("a session is resumed", func(t *testing.T) {
		t.Parallel()
		conf := ca.trust()
		conf.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for _, resumed := range []bool{false, true} {
			client, _ := quicClient(t, s.addr(t, "8443/udp"), conf)
			require.Equal(t, resumed, fetch(t, client, http.MethodGet, url).tls.DidResume)
		}
	})
}

// QUIC uses a cipher in its own way, to hide packet numbers too.
func TestHTTP3Options(t *testing.T) {
	t.Parallel()
	needs(t, http3Module)
	ca := newAuthority(t, "ca")
	ways := []struct {
		port, directives string
		cipher           uint16
	}{
		{"8441/udp", "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;", tls.TLS_AES_128_GCM_SHA256},
		{"8442/udp", "ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;", tls.TLS_AES_256_GCM_SHA384},
		{"8443/udp", "ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;", tls.TLS_CHACHA20_POLY1305_SHA256},
		{"8444/udp", "quic_retry on; quic_host_key certs/host.key;", 0},
		{"8445/udp", "quic_gso on;", 0},
		{"8447/udp", "quic_gso off;", 0},
		{"8446/udp", "http3_max_concurrent_streams 2; http3_stream_buffer_size 16k; quic_active_connection_id_limit 4;", 0},
	}
	large := randomText(t, 1<<20)
	var conf strings.Builder
	list := []string{"8080/tcp"}
	for _, way := range ways {
		list = append(list, way.port)
		conf.WriteString(`
			server {
				listen ` + strings.TrimSuffix(way.port, "/udp") + ` quic reuseport;
				ssl_certificate     certs/site.pem;
				ssl_certificate_key certs/site.key;
				root /usr/share/nginx/html;
				` + way.directives + `
			}`)
	}
	conf.WriteString("server { listen 8080; }")
	s := start(t, ports(list...), site(map[string]string{"large": large}), config(map[string]string{"site.conf": conf.String()}),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, map[string]string{"host.key": randomText(t, 32)}))
	for _, way := range ways {
		t.Run(way.directives, func(t *testing.T) {
			t.Parallel()
			client, _ := quicClient(t, s.addr(t, way.port), ca.trust())
			for range 5 {
				got := fetch(t, client, http.MethodGet, "https://site.test/large")
				require.Equal(t, "HTTP/3.0", got.proto)
				same(t, large, got.body, "a large file")
				if way.cipher != 0 {
					require.Equal(t, way.cipher, got.tls.CipherSuite)
				}
			}
		})
	}
}

// The kernel gets datagrams that follow each other in one piece where that is wanted; what
// is compiled here wants it by itself.
func TestHTTP3Segments(t *testing.T) {
	t.Parallel()
	image := needs(t, http3Module)
	ca := newAuthority(t, "ca")
	const size = 4 << 20
	large := randomText(t, size)
	for directives, wanted := range map[string]bool{"": image.has(staticProgram), "quic_gso on;": true, "quic_gso off;": false} {
		t.Run(directives, func(t *testing.T) {
			t.Parallel()
			s := start(t, ports("8443/udp"), site(map[string]string{"large": large}), config(map[string]string{"site.conf": `
				server { listen 8080; }
				server {
					listen 8443 quic reuseport;
					ssl_certificate     certs/site.pem;
					ssl_certificate_key certs/site.key;
					root /usr/share/nginx/html;
					` + directives + `
				}`}),
				certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil))
			client, _ := quicClient(t, s.addr(t, "8443/udp"), ca.trust())
			same(t, large, fetch(t, client, http.MethodGet, "https://site.test/large").body, "a large file")
			const least = size / 1500 // datagrams, on this network
			sent := s.datagramsSent(t)
			require.Equal(t, wanted, sent < least, "%d times for at least %d datagrams", sent, least)
		})
	}
}

// datagramsSent is how often the container gave its kernel something for UDP.
func (s *server) datagramsSent(t *testing.T) int {
	t.Helper()
	var lines [][]string
	for line := range strings.Lines(s.sockets(t, "snmp")) {
		if strings.HasPrefix(line, "Udp: ") {
			lines = append(lines, strings.Fields(line))
		}
	}
	require.Len(t, lines, 2, "names and numbers")
	sent, err := strconv.Atoi(lines[1][slices.Index(lines[0], "OutDatagrams")])
	require.NoError(t, err)
	return sent
}
