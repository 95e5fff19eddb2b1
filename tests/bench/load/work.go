package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// A Work is one thing that all contestants have to do.
type Work struct {
	ID    string // on the command line
	Title string // in reports
	Text  string // how it is measured
	// Paths are asked for in turn. Each ends with the name of a page.
	paths       []string
	encoding    string
	connections int
	how         how
}

// A how is the way in which a work's requests are made.
type how int

const (
	plain how = iota // HTTP/1.1
	secure
	handshakes
	handshakesPQ
	overHTTP2
	overHTTP3
)

const (
	small = "/" + server.SmallPage
	large = "/" + server.LargePage
)

// Works are all there are, in the order of reports.
func Works() []Work {
	mixed := slices.Concat(slices.Repeat([]string{small}, 12), slices.Repeat([]string{large}, 3), []string{"/gzip" + large})
	return []Work{
		{"small", "1.4 KB file, keep-alive", "HTTP/1.1, 16 connections, wrk", []string{small}, "", 16, plain},
		{"handshake", "full TLS 1.3 handshakes, ECDSA", "P-256, X25519, one request each, none resumed, 8 at once, own client", []string{small}, "", 8, handshakes},
		{"handshake-pq", "the same handshakes with ML-KEM", "X25519MLKEM768, as browsers do, own client", []string{small}, "", 8, handshakesPQ},
		{"tls100k", "100 KB over TLS, keep-alive", "TLS 1.3, HTTP/1.1, 16 connections, wrk", []string{large}, "", 16, secure},
		{"gzip100k", "gzip of 100 KB on the fly", "nginx's defaults, 16 connections, wrk", []string{"/gzip" + large}, "gzip", 16, plain},
		{"brotli100k", "brotli of 100 KB on the fly", "the module's defaults, 16 connections, wrk", []string{"/brotli" + large}, "br", 16, plain},
		{"h2", "HTTP/2, 1.4 KB file", "16 connections with 8 streams each, h2load", []string{small}, "", 16, overHTTP2},
		{"h3", "HTTP/3, 1.4 KB file", "8 connections with 8 streams each, own client with quic-go", []string{small}, "", 8, overHTTP3},
		{"proxy", "reverse proxy, keep-alive upstream", "1.4 KB from another nginx beside the generator, 16 connections, wrk", []string{"/proxy" + small}, "", 16, plain},
		{"mix", "a mix over 16 connections", "TLS; of 16 requests 12 of 1.4 KB, 3 of 100 KB, 1 of 100 KB with gzip; wrk", mixed, "gzip", 16, secure},
	}
}

// streams are how many requests are under way on a connection of HTTP/2 or HTTP/3.
const streams = 8

// Can says whether a server has what the work needs.
func (w Work) Can(f server.Facts) bool {
	switch {
	case w.how == overHTTP3:
		return f.HTTP3
	case w.encoding == "br":
		return f.Brotli
	}
	return true
}

// Check asks once for all that the work will ask for, and holds the answers against
// the pages. It gives the size of the answers to all paths together, with their headers,
// where those are of HTTP/1.1.
func (w Work) Check(ctx context.Context, t Target) (size int64, err error) {
	pages := server.Pages()
	for _, path := range w.paths {
		var bytes int64
		body, encoding := pages[page(path)], w.encoding
		if !compressed(path) {
			encoding = ""
		}
		switch w.how {
		case plain, secure, handshakes, handshakesPQ:
			bytes, err = t.ask(ctx, w.how != plain, path, encoding, body)
		case overHTTP2:
			err = t.askNewer(ctx, "HTTP/2.0", path, body)
		case overHTTP3:
			err = t.askNewer(ctx, "HTTP/3.0", path, body)
		}
		if err != nil {
			return 0, fmt.Errorf("checking the answer to %s: %w", path, err)
		}
		size += bytes
	}
	return size, nil
}

// Generator makes the load of the work. Size is what Check gave.
func (w Work) Generator(size int64) Generator {
	body := server.Pages()[page(w.paths[0])]
	switch w.how {
	case handshakes:
		return Handshakes{w.connections, w.paths[0], body, tls.X25519}
	case handshakesPQ:
		return Handshakes{w.connections, w.paths[0], body, tls.X25519MLKEM768}
	case overHTTP2:
		return H2load{w.connections, streams, w.paths[0]}
	case overHTTP3:
		return Quic{w.connections, streams, w.paths[0], body}
	case plain, secure:
	}
	header := ""
	if w.encoding != "" {
		header = "Accept-Encoding: " + w.encoding
	}
	return Wrk{TLS: w.how == secure, Connections: w.connections, Paths: w.paths, Header: header, Size: size}
}
