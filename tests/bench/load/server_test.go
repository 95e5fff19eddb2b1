package load

import (
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/quic-go/quic-go/http3"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// site answers as a contestant does.
func site(w http.ResponseWriter, r *http.Request) {
	body, ok := server.Pages()[page(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	switch {
	case strings.HasPrefix(r.URL.Path, "/gzip/") && r.Header.Get("Accept-Encoding") == "gzip":
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		_, _ = z.Write(body)
	case strings.HasPrefix(r.URL.Path, "/brotli/"):
		w.Header().Set("Content-Encoding", "br")
		z := brotli.NewWriter(w)
		defer z.Close()
		_, _ = z.Write(body)
	default:
		_, _ = w.Write(body)
	}
}

// contestant serves over all protocols.
func contestant(t *testing.T, handler http.HandlerFunc) Target {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"bench.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(handler)
	secure.TLS, secure.EnableHTTP2 = conf.Clone(), true
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go are what is tested
	secure.StartTLS()
	t.Cleanup(secure.Close)
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	quic := &http3.Server{Handler: handler, TLSConfig: http3.ConfigureTLSConfig(conf)}
	go quic.Serve(udp)
	t.Cleanup(func() {
		_ = quic.Close()
		_ = udp.Close()
	})
	port := func(a net.Addr) int {
		switch a := a.(type) {
		case *net.TCPAddr:
			return a.Port
		case *net.UDPAddr:
			return a.Port
		}
		t.Fatal(a)
		return 0
	}
	return Target{
		HTTP: port(plain.Listener.Addr()), HTTPS: port(secure.Listener.Addr()), QUIC: port(udp.LocalAddr()),
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), ServerName: "bench.test", Dir: t.TempDir(),
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	target := contestant(t, site)
	for _, w := range Works() {
		size, err := w.Check(t.Context(), target)
		if err != nil {
			t.Errorf("%s: %v", w.ID, err)
		}
		if w.ID == "small" && (size <= 1400 || size > 1800) || w.ID == "tls100k" && (size <= 100_000 || size > 100_400) {
			t.Errorf("%s: an answer has %d bytes", w.ID, size)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"another status": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "503"},
		"nothing":        {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }, ""},
		"another type": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
		}, "the answer's "},
		"one byte is another": {func(w http.ResponseWriter, r *http.Request) { site(flipping{w}, r) }, ""},
		"one byte more": {func(w http.ResponseWriter, r *http.Request) {
			site(w, r)
			_, _ = w.Write([]byte{'x'})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := contestant(t, tc.handler)
			for _, w := range Works() {
				if _, err := w.Check(t.Context(), target); err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%s: got %v, want %q", w.ID, err, tc.want)
				}
			}
		})
	}
	t.Run("not compressed", func(t *testing.T) {
		t.Parallel()
		target := contestant(t, func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/" + page(r.URL.Path)
			site(w, r)
		})
		for _, id := range []string{"gzip100k", "brotli100k", "mix"} {
			if _, err := named(t, id).Check(t.Context(), target); err == nil || !strings.Contains(err.Error(), "encoding") {
				t.Errorf("%s: got %v", id, err)
			}
		}
	})
}

// flipping changes the last byte of what is written.
type flipping struct{ http.ResponseWriter }

func (f flipping) Write(p []byte) (int, error) {
	changed := append([]byte{}, p...)
	changed[len(changed)-1] ^= 1
	return f.ResponseWriter.Write(changed)
}

func named(t *testing.T, id string) Work {
	t.Helper()
	for _, w := range Works() {
		if w.ID == id {
			return w
		}
	}
	t.Fatal("there is no work " + id)
	return Work{}
}

func TestOwnClients(t *testing.T) {
	t.Parallel()
	target := contestant(t, site)
	for _, id := range []string{"handshake", "handshake-pq", "h3"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			r, err := named(t, id).Generator(0).Run(t.Context(), target, 100*time.Millisecond)
			if err != nil || r.Requests == 0 || r.Elapsed < 100*time.Millisecond || r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.P999 {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

// A wrong answer under load is seen, and ends the run.
func TestOwnClientsRefuse(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"handshake", "handshake-pq", "h3"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			var count atomic.Int64
			target := contestant(t, func(w http.ResponseWriter, r *http.Request) {
				if count.Add(1) > 20 {
					w = flipping{w}
				}
				site(w, r)
			})
			began := time.Now()
			_, err := named(t, id).Generator(0).Run(t.Context(), target, time.Minute)
			if err == nil || time.Since(began) > 30*time.Second {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnotherCertificate(t *testing.T) {
	t.Parallel()
	target := contestant(t, site)
	target.Cert = contestant(t, site).Cert
	for _, id := range []string{"handshake", "tls100k", "h2", "h3"} {
		if _, err := named(t, id).Check(t.Context(), target); err == nil || !strings.Contains(err.Error(), "another certificate") {
			t.Errorf("%s: got %v", id, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	target := contestant(t, site)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := named(t, "handshake").Generator(0).Run(ctx, target, time.Minute); err == nil {
		t.Error("it went on")
	}
}
