package tests

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tickets count the sessions that a server offers, and keep the last.
type tickets struct {
	tls.ClientSessionCache
	put atomic.Int32
}

func (c *tickets) Put(key string, state *tls.ClientSessionState) {
	c.put.Add(1)
	c.ClientSessionCache.Put(key, state)
}

// reads count what arrives together.
type reads struct {
	net.Conn
	n atomic.Int32
}

func (c *reads) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.n.Add(1)
	}
	return n, err
}

// TLS 1.3 gives a client two tickets after the handshake, whether it asks for anything
// or not. A ticket holds the client's certificate, which can be larger than what OpenSSL
// collects before it writes.
func TestTLSTicketsComeWithoutARequest(t *testing.T) {
	t.Parallel()
	image := needs(t)
	ca := newAuthority(t, "ca")
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("a-name-that-is-somewhat-long-%d.client.test", i))
	}
	s := start(t, ports("8443/tcp"), certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, map[string]string{"ca.pem": pemText("CERTIFICATE", ca.cert.Raw)}),
		config(map[string]string{"site.conf": `server {
			listen 8443 ssl;
			ssl_certificate        certs/site.pem;
			ssl_certificate_key    certs/site.key;
			ssl_client_certificate certs/ca.pem;
			ssl_verify_client      optional;
			return 200 $ssl_session_reused$ssl_client_verify;
		}`}))
	for name, tt := range map[string]struct {
		client *tls.Certificate
		again  string
	}{
		"nobody":            {nil, "rNONE"},
		"a certificate":     {ca.issue(t, "P-256", "client.test").tls(), "rSUCCESS"},
		"a long one":        {ca.issue(t, "P-256", many...).tls(), "rSUCCESS"},
		"a key of RSA, too": {ca.issue(t, "RSA", many[:40]...).tls(), "rSUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.MinVersion, conf.ServerName = tls.VersionTLS13, "site.test"
			if tt.client != nil {
				conf.Certificates = []tls.Certificate{*tt.client}
			}
			cache := &tickets{ClientSessionCache: tls.NewLRUClientSessionCache(1)}
			conf.ClientSessionCache = cache
			addr := s.inside(t, "8443/tcp")
			tcp, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
			require.NoError(t, err)
			counted := &reads{Conn: tcp}
			conn := tls.Client(counted, conf)
			t.Cleanup(func() { _ = conn.Close() })
			require.NoError(t, conn.HandshakeContext(t.Context()))
			before := counted.n.Load()
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(promptly)))
			_, err = conn.Read(make([]byte, 1))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.Equal(t, int32(2), cache.put.Load())
			if tt.client == nil && image.has(staticProgram) {
				assert.Equal(t, int32(1), counted.n.Load()-before, "tickets in reads")
			}
			got := fetch(t, dialer(t, addr, conf), http.MethodGet, "https://site.test")
			require.Equal(t, tt.again, got.body)
		})
	}
}
