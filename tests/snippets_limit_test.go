package tests

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSnippetRejectsUnknownHosts(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	s := start(t, ports("8080/tcp", "8443/tcp"), certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": `
			server {
				listen 8080 default_server;
				listen 8443 ssl default_server;
				include snippets/reject-unknown-host.conf;
			}
			server {
				listen 8080;
				listen 8443 ssl;
				server_name site.test;
				ssl_certificate     certs/site.pem;
				ssl_certificate_key certs/site.key;
				return 200 known;
			}`}))
	for name, tt := range map[string]struct {
		lines []string
		known bool
	}{
		"known":             {[]string{"GET / HTTP/1.1", "Host: site.test"}, true},
		"known, with port":  {[]string{"GET / HTTP/1.1", "Host: SITE.test:80"}, true},
		"unknown":           {[]string{"GET / HTTP/1.1", "Host: other.test"}, false},
		"longer":            {[]string{"GET / HTTP/1.1", "Host: www.site.test"}, false},
		"address":           {[]string{"GET / HTTP/1.1", "Host: 127.0.0.1"}, false},
		"none, HTTP/1.0":    {[]string{"GET / HTTP/1.0"}, false},
		"none, HTTP/0.9":    {[]string{"GET /"}, false},
		"in the address":    {[]string{"GET http://other.test/ HTTP/1.1", "Host: site.test"}, false},
		"with a large body": {[]string{"POST / HTTP/1.1", "Host: other.test", "Content-Length: 9000000"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.addr(t, "8080/tcp"))
			conn.say(t, tt.lines...)
			if tt.known {
				require.Equal(t, "known", conn.hear(t, http.MethodGet).body)
				return
			}
			conn.ended(t)
		})
	}
	for name, want := range map[string]string{"site.test": "", "other.test": "unrecognized name", "": "unrecognized name"} {
		t.Run("TLS to "+name, func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.InsecureSkipVerify = true // nobody is to hide behind a certificate
			conn, err := shake(t, s.addr(t, "8443/tcp"), conf, name)
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "remote error: tls: "+want)
			require.Empty(t, conn.ConnectionState().PeerCertificates)
		})
	}
	t.Run("another host than the handshake's", func(t *testing.T) {
		t.Parallel()
		client := dialer(t, s.addr(t, "8443/tcp"), ca.trust())
		_, err := try(t.Context(), client, http.MethodGet, "https://site.test", nil, "Host", "other.test")
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, "known", fetch(t, client, http.MethodGet, "https://site.test").body)
	})
}

// What the client says in X-Client is its address here, so that there are many.
const manyClients = `
	include snippets/rate-limit.conf;
	set_real_ip_from 0.0.0.0/0;
	real_ip_header   X-Client;`

func TestSnippetLimitsRequests(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": manyClients + `
		server { listen 8080; root /usr/share/nginx/html; }`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	// A hundred and one at once; after that 20 a second, however fast this machine is.
	statuses := map[int]int{}
	for range 500 {
		statuses[fetch(t, client, http.MethodHead, s.URL, "X-Client", "192.0.2.1").status]++
	}
	require.Len(t, statuses, 2, "%v", statuses)
	require.GreaterOrEqual(t, statuses[http.StatusOK], 101)
	require.Positive(t, statuses[http.StatusTooManyRequests])
	for _, other := range []string{"192.0.2.2", "2001:db8::1"} {
		require.Equal(t, http.StatusOK, fetch(t, client, http.MethodHead, s.URL, "X-Client", other).status)
	}
	eventually(t, "the client is let in again", func() bool {
		return fetch(t, client, http.MethodHead, s.URL, "X-Client", "192.0.2.1").status == http.StatusOK
	})
	_, stderr := s.logs(t)
	require.NotContains(t, stderr, "limiting requests", "an attack fills the error log")
}

func TestSnippetLimitsConnections(t *testing.T) {
	t.Parallel()
	listener, app := socket(t)
	arrived, answer := make(chan struct{}, 200), make(chan struct{})
	backend := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-answer
	})}
	go func() { _ = backend.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	s := start(t, app, config(map[string]string{"site.conf": manyClients + `
		server {
			listen 8080;
			limit_req zone=rate_limit burst=1000 nodelay; # its own, instead of the snippet's
			location / { proxy_pass http://unix:/run/app/app.sock; }
		}`}))
	const limit = 100
	var waiting sync.WaitGroup
	var served atomic.Int32
	for range limit {
		client := dialer(t, s.addr(t, "8080/tcp"), nil)
		waiting.Go(func() {
			got, err := try(t.Context(), client, http.MethodGet, s.URL, nil, "X-Client", "192.0.2.1")
			if err == nil && got.status == http.StatusOK {
				served.Add(1)
			}
		})
	}
	for range limit {
		<-arrived
	}
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	require.Equal(t, http.StatusTooManyRequests, fetch(t, client, http.MethodGet, s.URL, "X-Client", "192.0.2.1").status)
	_, err := try(t.Context(), &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, ResponseHeaderTimeout: patience / 100, DialContext: (&net.Dialer{}).DialContext,
	}}, http.MethodGet, s.URL, nil, "X-Client", "192.0.2.2")
	var timeout net.Error
	require.True(t, errors.As(err, &timeout) && timeout.Timeout(), "another client waits for its answer, and is not refused: %v", err)
	close(answer)
	waiting.Wait()
	require.EqualValues(t, limit, served.Load())
}
