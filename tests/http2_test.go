package tests

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// newestHTTP is a site that speaks every HTTP over TLS, and HTTP/2 without it.
const newestHTTP = `
	server {
		listen      8443 ssl;
		listen      8443 quic reuseport;
		listen      8080;
		http2       on;
		http3       on;
		server_name site.test;

		ssl_certificate     certs/site.pem;
		ssl_certificate_key certs/site.key;
		add_header          Alt-Svc 'h3=":8443"; ma=86400';

		root                 /usr/share/nginx/html;
		client_max_body_size 0;
		client_body_buffer_size 16k;

		location /echo { return 200 "$server_protocol $request_method $args $http_x_long"; }
		location /up/ {
			alias                 /dev/shm/up/;
			dav_methods           PUT;
			create_full_put_path  on;
		}
	}`

var (
	quicLine    = regexp.MustCompile(`(?m)^.*\b(quic|http3)\b.*\n`)
	http2Line   = regexp.MustCompile(`\bhttp2 +on;`)
	listenWords = regexp.MustCompile(`\blisten +[^;]+`)
)

// spoken is a configuration of newestHTTP's kind in words that the image's nginx
// knows. Before 1.25.1, HTTP/2 was a parameter of listen.
func spoken(t *testing.T, conf string) string {
	t.Helper()
	f := look(t)
	if !f.has(http3Module) {
		conf = quicLine.ReplaceAllString(conf, "")
	}
	if f.nginx.before(release{1, 25, 1}) {
		conf = listenWords.ReplaceAllString(http2Line.ReplaceAllString(conf, ""), "$0 http2")
	}
	return conf
}

func randomText(t *testing.T, size int) string {
	t.Helper()
	data := make([]byte, size)
	_, err := rand.Read(data)
	require.NoError(t, err)
	return string(data)
}

// inParallel makes n requests at once and requires that each is answered with its own number.
func inParallel(t *testing.T, client *http.Client, n int, url string) {
	t.Helper()
	got, errs := make([]answer, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			got[i], errs[i] = try(t.Context(), client, http.MethodGet, url+strconv.Itoa(i), nil)
		})
	}
	wg.Wait()
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, got[0].proto+" GET "+strconv.Itoa(i)+" ", got[i].body)
	}
}

// exchange moves more than a window of data each way and compares it.
func exchange(t *testing.T, client *http.Client, url, text string) {
	t.Helper()
	got := send(t, client, http.MethodPut, url+"/up/file", strings.NewReader(text))
	require.Contains(t, []int{http.StatusCreated, http.StatusNoContent}, got.status)
	got = fetch(t, client, http.MethodGet, url+"/up/file")
	require.Equal(t, http.StatusOK, got.status)
	same(t, text, got.body, "what comes back")
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	large := randomText(t, 20<<20)
	s := start(t, ports("8080/tcp", "8443/tcp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": spoken(t, newestHTTP)}),
		site(map[string]string{"large": large}))
	for name, tt := range map[string]struct{ port, url string }{
		"over TLS":    {"8443/tcp", "https://site.test"},
		"without TLS": {"8080/tcp", "http://site.test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var connections atomic.Int32
			addr := s.addr(t, tt.port)
			transport := &http.Transport{
				TLSClientConfig: ca.trust(),
				Protocols:       new(http.Protocols),
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					connections.Add(1)
					return (&net.Dialer{}).DialContext(ctx, network, addr)
				},
			}
			transport.Protocols.SetHTTP2(true)
			transport.Protocols.SetUnencryptedHTTP2(true)
			t.Cleanup(transport.CloseIdleConnections)
			client := &http.Client{Transport: transport, Timeout: patience}

			got := fetch(t, client, http.MethodGet, tt.url+"/echo?0")
			require.Equal(t, "HTTP/2.0 GET 0 ", got.body)
			require.Equal(t, "nginx", got.header.Get("Server"))
			require.Equal(t, `h3=":8443"; ma=86400`, got.header.Get("Alt-Svc"))
			inParallel(t, client, 100, tt.url+"/echo?")
			require.EqualValues(t, 1, connections.Load(), "all streams go through one connection")

			got = fetch(t, client, http.MethodGet, tt.url+"/large")
			same(t, large, got.body, "a large file")
			exchange(t, client, tt.url, large[:3<<20])
			long := strings.Repeat("h", 7000)
			got = fetch(t, client, http.MethodGet, tt.url+"/echo", "X-Long", long)
			require.Equal(t, "HTTP/2.0 GET  "+long, got.body)
			require.Equal(t, http.StatusNotFound, fetch(t, client, http.MethodGet, tt.url+"/missing").status)
			got = fetch(t, client, http.MethodGet, tt.url+"/large", "Range", "bytes=5-9")
			require.Equal(t, large[5:10], got.body)
		})
	}
}

// Who does not ask for HTTP/2 gets what they speak.
func TestTLSClientChoosesTheProtocol(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil),
		config(map[string]string{"site.conf": spoken(t, newestHTTP)}))
	for name, tt := range map[string]struct {
		offer []string
		want  string
	}{
		"HTTP/2 first":    {[]string{"h2", "http/1.1"}, "h2"},
		"HTTP/1.1 first":  {[]string{"http/1.1", "h2"}, "h2"}, // the server decides
		"only HTTP/1.1":   {[]string{"http/1.1"}, "http/1.1"},
		"no preference":   {nil, ""},
		"HTTP/1.0 is old": {[]string{"http/1.0"}, "http/1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.ServerName, conf.NextProtos = "site.test", tt.offer
			conn := tls.Client(dial(t, s.addr(t, "8443/tcp")), conf)
			require.NoError(t, conn.HandshakeContext(t.Context()))
			require.Equal(t, tt.want, conn.ConnectionState().NegotiatedProtocol)
		})
	}
	t.Run("something else", func(t *testing.T) {
		t.Parallel()
		conf := ca.trust()
		conf.ServerName, conf.NextProtos = "site.test", []string{"smtp"}
		err := tls.Client(dial(t, s.addr(t, "8443/tcp")), conf).HandshakeContext(t.Context())
		require.ErrorContains(t, err, "no application protocol")
	})
	t.Run("plain HTTP on the TLS port", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, s.addr(t, "8443/tcp"))
		conn.say(t, "GET / HTTP/1.1", "Host: site.test")
		require.Equal(t, http.StatusBadRequest, conn.hear(t, http.MethodGet).status)
	})
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, s.addr(t, "8443/tcp"))
		_, err := conn.Write(bytes.Repeat([]byte{0xff}, 100))
		require.NoError(t, err)
		record := make([]byte, 1)
		_, err = conn.Read(record)
		if err == nil {
			require.Equal(t, byte(21), record[0], "an alert, or the end")
		}
	})
}
