package load

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// wrkOutput is what wrk 4.1.0 printed with wrk.lua.
const wrkOutput = `Running 1s test @ http://127.0.0.1:18099/t.html
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     8.69ms    7.19ms  55.06ms   93.25%
    Req/Sec   502.70    138.22   710.00     60.00%
  501 requests in 1.00s, 91.00KB read
Requests/sec:    500.24
Transfer/sec:     90.86KB

bench {"requests":501,"microseconds":1001522,"bytes":93186,"connect":0,"read":0,"write":0,"status":0,"timeout":0,"p50":6917,"p99":46669,"p999":55063}
`

func TestParseWrk(t *testing.T) {
	t.Parallel()
	got, bytes, err := parseWrk(wrkOutput)
	want := Result{501, 1001522 * time.Microsecond, 6917 * time.Microsecond, 46669 * time.Microsecond, 55063 * time.Microsecond}
	if err != nil || got != want || bytes != 93186 {
		t.Errorf("got %+v, %d, %v", got, bytes, err)
	}
}

func TestParseWrkRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, replacement, want string }{
		"no line":         {"\nbench ", "\nbunch ", "has no line of wrk.lua"},
		"cut off":         {"55063}\n", "55", "has no line of wrk.lua"},
		"no JSON":         {`{"requests"`, `{requests`, "invalid character"},
		"not a number":    {`"requests":501`, `"requests":-nan`, "invalid character"},
		"a fraction":      {`"requests":501`, `"requests":5.5`, "cannot unmarshal"},
		"too large":       {`"requests":501`, `"requests":99999999999999999999`, "cannot unmarshal"},
		"nothing":         {`"requests":501`, `"requests":0`, "nothing was answered"},
		"below nothing":   {`"requests":501`, `"requests":-1`, "nothing was answered"},
		"no time":         {"1001522", "0", "nothing was answered"},
		"not connected":   {`"connect":0`, `"connect":3`, "wrk had 3 errors: connect"},
		"not read":        {`"read":0`, `"read":1`, "wrk had 1 errors: read"},
		"not written":     {`"write":0`, `"write":1`, "wrk had 1 errors: write"},
		"another status":  {`"status":0`, `"status":501`, "wrk had 501 errors: status"},
		"not in time":     {`"timeout":0`, `"timeout":2`, "wrk had 2 errors: timeout"},
		"nothing at all":  {wrkOutput, "", "has no line of wrk.lua"},
		"another program": {wrkOutput, "\x00\xff\nbench \x00\n", "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(wrkOutput, tc.old, tc.replacement, 1)
			if changed == wrkOutput {
				t.Fatal("nothing was changed")
			}
			if _, _, err := parseWrk(changed); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestWrkArguments(t *testing.T) {
	t.Parallel()
	target := Target{HTTP: 80, HTTPS: 443}
	one := Wrk{Connections: 16, Paths: []string{"/a"}}.args(target, "x.lua", 3*time.Second)
	want := []string{"-t1", "-c", "16", "-d", "3", "-s", "x.lua", "http://127.0.0.1:80/a"}
	if !slices.Equal(one, want) {
		t.Errorf("got %q", one)
	}
	several := Wrk{TLS: true, Connections: 1, Paths: []string{"/a", "/b"}, Header: "Accept-Encoding: gzip"}.args(target, "x.lua", 1)
	want = []string{"-t1", "-c", "1", "-d", "1", "-s", "x.lua", "-H", "Accept-Encoding: gzip", "https://127.0.0.1:443/a", "--", "/a", "/b"}
	if !slices.Equal(several, want) {
		t.Errorf("got %q", several)
	}
}

func TestWrkBounds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		paths           int
		requests        int64
		wantLow, wantUp int64
	}{
		"one path":             {1, 100, 100_000, 116_000},
		"several":              {4, 116, 25_000, 34_000},
		"fewer than are under": {4, 3, 0, 5_000},
	} {
		w := Wrk{Connections: 16, Paths: make([]string, tc.paths), Size: 1000}
		if low, high := w.bounds(tc.requests); low != tc.wantLow || high != tc.wantUp {
			t.Errorf("%s: got %d to %d", name, low, high)
		}
	}
}

func FuzzParseWrk(f *testing.F) {
	f.Add(wrkOutput)
	f.Add("\nbench {}\n")
	f.Fuzz(func(t *testing.T, out string) {
		if r, bytes, err := parseWrk(out); err == nil && (r.Requests <= 0 || r.Elapsed <= 0 || bytes <= 0) {
			t.Errorf("nothing is no result: %+v", r)
		}
	})
}
