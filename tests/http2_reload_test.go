package tests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clearHTTP2 makes a client that speaks HTTP/2 without TLS, on one connection at a time.
func clearHTTP2(t *testing.T, addr string) *http.Client {
	t.Helper()
	client := dialer(t, addr, nil)
	transport := client.Transport.(*http.Transport)
	transport.MaxConnsPerHost = 0 // a connection that nginx closes gets a successor before it has ended
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
	return client
}

// Streams are answered to their end by the worker processes that began to.
func TestHTTP2ReloadFailsNotOneStream(t *testing.T) {
	t.Parallel()
	conf := directory(t, map[string]string{"site.conf": reloaded(t, 0)})
	contents := map[string]string{"a": kinds()["random"][:200000]}
	s := start(t, files(conf, "/etc/nginx/conf.d"), site(contents))
	s.staysWell(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var asked atomic.Int64
	for i := range 16 {
		// Go's transport closes a connection that is one too many with its streams, so
		// each client has one of its own.
		client := clearHTTP2(t, s.addr(t, "8080/tcp"))
		wg.Go(func() {
			for ctx.Err() == nil {
				path := []string{"/a", "/n"}[i%2]
				got, err := try(context.WithoutCancel(ctx), client, http.MethodGet, "http://site"+path, nil)
				want := contents["a"]
				if path == "/n" {
					want = "answer " + got.header.Get("Generation")
				}
				if err := errors.Join(err, intact(want, got.body, path)); err != nil {
					t.Errorf("asking while nginx reloads: %v", err)
					return
				}
				assert.Equal(t, "HTTP/2.0", got.proto)
				asked.Add(1)
			}
		})
	}
	for n := range 4 {
		before := asked.Load()
		eventually(t, "some answers", func() bool { return t.Failed() || asked.Load() > before+200 })
		if n > 0 {
			s.reload(t, conf, map[string]string{"site.conf": reloaded(t, n)})
			s.answersAs(t, n)
		}
	}
	cancel()
	wg.Wait()
}

func reloaded(t *testing.T, n int) string {
	t.Helper()
	return spoken(t, strings.ReplaceAll(`server {
		listen 8080; http2 on; root /usr/share/nginx/html; add_header Generation N; keepalive_requests 50;
		location /n { return 200 "answer N"; }
	}`, " N", " "+strconv.Itoa(n)))
}

// answersAs waits until those who answer are workers with generation n of reloaded.
func (s *server) answersAs(t *testing.T, n int) {
	t.Helper()
	client := clearHTTP2(t, s.addr(t, "8080/tcp"))
	eventually(t, "the next generation", func() bool {
		client.CloseIdleConnections()
		return fetch(t, client, http.MethodGet, "http://site/n").body == fmt.Sprintf("answer %d", n)
	})
}

// Who is told to quit answers first what has been asked.
func TestHTTP2QuitFinishesStreams(t *testing.T) {
	t.Parallel()
	app, upstream := piecewise(t)
	s := start(t, upstream, config(map[string]string{"site.conf": spoken(t, `server {
		listen 8080; http2 on;
		location / { proxy_pass http://unix:/run/app/app.sock; proxy_http_version 1.1; proxy_buffering off; }
	}`)}))
	s.staysWell(t)
	client := clearHTTP2(t, s.addr(t, "8080/tcp"))
	var streams []io.Reader
	text := kinds()["random"]
	for i := range 20 {
		_, body := begin(t, client, fmt.Sprintf("http://site/%d", i))
		streams = append(streams, body)
		pass(t, app.of(fmt.Sprintf("/%d", i)), body, text[:1000+i])
	}
	s.signal(t, "QUIT")
	time.Sleep(100 * time.Millisecond)
	for i, body := range streams {
		to := app.of(fmt.Sprintf("/%d", i))
		pass(t, to, body, text[i:20000], text[:1], text[i:100])
		require.True(t, s.state(t).Running, "nginx ended before its streams did")
		if i < len(streams)-1 {
			finish(t, to, body)
			continue
		}
		close(to) // the network may be gone before the end of the last
	}
	require.Equal(t, 0, s.exit(t))
}

// Large bodies of many streams share a connection whose windows are small.
func TestHTTP2SmallWindows(t *testing.T) {
	t.Parallel()
	s, _, files, trust := startRecords(t)
	for kind, client := range speakers(t, s, trust) {
		scheme, protocol, _ := strings.Cut(kind, " ")
		if protocol != "h2" {
			continue
		}
		transport := client.Transport.(*http.Transport)
		transport.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 1 << 14, MaxReceiveBufferPerConnection: 1 << 16}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var wg sync.WaitGroup
			for name, want := range files {
				for range 5 {
					wg.Go(func() {
						got, err := try(t.Context(), client, http.MethodGet, scheme+"://default.test/"+name, nil)
						assert.NoError(t, errors.Join(err, intact(want, got.body, name)))
					})
				}
			}
			wg.Wait()
		})
	}
}
