package load

import (
	"strings"
	"testing"
	"time"
)

// h2loadOutput is what h2load 1.52.0 printed.
const h2loadOutput = `starting benchmark...
spawning thread #0: 2 total client(s). Timing-based test with 0s of warm-up time and 1s of main duration for measurements.
Warm-up started for thread #0.
progress: 50% of clients started
progress: 100% of clients started
TLS Protocol: TLSv1.3
Cipher: TLS_AES_256_GCM_SHA384
Server Temp Key: X25519 253 bits
Application protocol: h2
Warm-up phase is over for thread #0.
Main benchmark duration is started for thread #0.
Main benchmark duration is over for thread #0. Stopping all clients.
Stopped all clients for thread #0

finished in 1.00s, 12345.00 req/s, 17.09MB/s
requests: 12345 total, 12361 started, 12345 done, 12345 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 12345 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 17.09MB (17918000) total, 318.93KB (326584) headers (space savings 81.51%), 16.59MB (17393600) data
                     min         max         mean         sd        +/- sd
time for request:      109us     12.43ms      1.28ms       711us    78.99%
time for connect:     1.79ms      3.93ms      2.86ms      1.51ms   100.00%
time to 1st byte:     4.96ms      6.00ms      5.48ms       735us   100.00%
req/s           :    6164.04     6180.87     6172.46       11.90   100.00%
`

func TestParseH2load(t *testing.T) {
	t.Parallel()
	got, err := parseH2load(h2loadOutput)
	if err != nil || got != (Result{Requests: 12345, Elapsed: time.Second}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParseH2loadRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, replacement, want string }{
		"nothing at all":  {h2loadOutput, "", "not as expected"},
		"no end":          {"finished in", "ended in", "not as expected"},
		"no counts":       {"requests: ", "", "not as expected"},
		"no codes":        {"status codes: ", "", "not as expected"},
		"odd time":        {"in 1.00s", "in 1.0.0s", "reading how long"},
		"no time":         {"in 1.00s", "in 0.00s", "nothing was answered"},
		"too large":       {"12345 succeeded", "99999999999999999999 succeeded", "reading a count"},
		"nothing":         {"12345 succeeded", "0 succeeded", "nothing was answered"},
		"failed":          {"0 failed", "1 failed", "h2load had 1 errors: failed"},
		"errored":         {"0 errored", "2 errored", "h2load had 2 errors: errored"},
		"timeout":         {"0 timeout", "3 timeout", "h2load had 3 errors: timeout"},
		"redirected":      {"0 3xx", "4 3xx", "4 errors: 3xx"},
		"not found":       {"0 4xx", "4 4xx", "4 errors: 4xx"},
		"broken":          {"0 5xx", "4 5xx", "4 errors: 5xx"},
		"no code":         {"12345 2xx", "12344 2xx", "1 errors: not 2xx"},
		"HTTP/1.1":        {"protocol: h2", "protocol: http/1.1", "not h2"},
		"nobody says how": {"Application protocol: h2\n", "", "not h2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(h2loadOutput, tc.old, tc.replacement, 1)
			if changed == h2loadOutput {
				t.Fatal("nothing was changed")
			}
			if _, err := parseH2load(changed); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestParseLog(t *testing.T) {
	t.Parallel()
	got, err := parseLog(strings.NewReader("1\t200\t30\n2\t200\t10\n3\t200\t20\tmore\n"))
	if err != nil || len(got) != 3 || got[0] != 30*time.Microsecond {
		t.Errorf("got %v, %v", got, err)
	}
	for _, hostile := range []string{"", "1\t200\n", "1\t-1\t5\n", "1\t404\t5\n", "1\t200\t-5\n", "1\t200\tx\n", "\x00\n", "1\t200\t99999999999999999999\n", strings.Repeat("x", 1<<17)} {
		if got, err := parseLog(strings.NewReader(hostile)); err == nil {
			t.Errorf("%.40q gave %v", hostile, got)
		}
	}
}

func FuzzParseH2load(f *testing.F) {
	f.Add(h2loadOutput)
	f.Fuzz(func(t *testing.T, out string) {
		if r, err := parseH2load(out); err == nil && (r.Requests <= 0 || r.Elapsed <= 0) {
			t.Errorf("nothing is no result: %+v", r)
		}
	})
}
