// Package load puts load on a server and says what came of it. wrk makes it for
// HTTP/1.1, h2load for HTTP/2, and this program itself for full handshakes and HTTP/3.
package load

import (
	"context"
	"fmt"
	"time"
)

// A Result is one run against one server.
type Result struct {
	Requests       int64         `json:"requests"` // all answered, and rightly
	Elapsed        time.Duration `json:"elapsed_ns"`
	P50, P99, P999 time.Duration // until the answer was there; zero where the generator does not say
}

// Rate is requests a second.
func (r Result) Rate() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// A Target is where a run goes to.
type Target struct {
	HTTP, HTTPS, QUIC int    // ports of 127.0.0.1
	Cert              []byte // in PEM, which the server must have
	ServerName        string
	Dir               string // for files of the generators
}

// A Generator puts load on a target for so long. Any wrong or missing answer is an
// error.
type Generator interface {
	// Name and version, for the report.
	Name() string
	Run(ctx context.Context, t Target, last time.Duration) (Result, error)
}

// failures is the error of a generator that saw some.
func failures(who string, counts map[string]int64) error {
	for what, n := range counts {
		if n != 0 {
			return fmt.Errorf("%s had %d errors: %s (%v)", who, n, what, counts)
		}
	}
	return nil
}
