package store

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestParseContentRange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header       string
		first, total int64
		ok           bool
	}{
		{"bytes 0-9/10", 0, 10, true},
		{"BYTES 5-9/10", 5, 10, true},
		{"bytes 5-5/*", 5, -1, true},
		{"bytes 0-9223372036854775806/9223372036854775807", 0, 9223372036854775807, true},
		{"", 0, 0, false},
		{"bytes", 0, 0, false},
		{"bytes */10", 0, 0, false},
		{"bytes 5/10", 0, 0, false},
		{"bytes 5-/10", 0, 0, false},
		{"bytes 5-9", 0, 0, false},
		{"bytes 5-9/", 0, 0, false},
		{"bytes 9-5/10", 0, 0, false},
		{"bytes 5-10/10", 0, 0, false},
		{"bytes -5-9/10", 0, 0, false},
		{"bytes +5-9/10", 0, 0, false},
		{"bytes 5-9/-1", 0, 0, false},
		{"bytes -0-9/10", 0, 0, false},
		{"bytes 0-0/0", 0, 0, false},
		{"bytes 0-9223372036854775807/9223372036854775808", 0, 0, false},
		{"pages 5-9/10", 0, 0, false},
		{"bytes=5-9/10", 0, 0, false},
		{"bytes 5-9/10, 11-12/13", 0, 0, false},
	}
	for _, test := range tests {
		first, total, err := parseContentRange(test.header)
		if first != test.first || total != test.total || (err == nil) != test.ok {
			t.Errorf("%q: %d of %d, error %v; want %d of %d", test.header, first, total, err, test.first, test.total)
		}
	}
}

func FuzzParseContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 0-9/10", "bytes 5-9/*", "bytes */10", "bytes 9-5/10", "bytes --/", "pages 1-2/3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		first, total, err := parseContentRange(header)
		if err != nil {
			if first != 0 || total != 0 {
				t.Errorf("%q: %d of %d with the error %v", header, first, total, err)
			}
			return
		}
		if first < 0 || total < -1 || total >= 0 && first >= total {
			t.Errorf("%q: %d of %d is no range", header, first, total)
		}
		if !strings.EqualFold(header[:6], "bytes ") {
			t.Errorf("%q: is not in bytes", header)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	const date = "Mon, 02 Jan 2006 15:04:05 GMT"
	f.Add("7", date)
	f.Add("-1", "")
	f.Add("18446744073709551616", date)
	f.Add("Mon, 02 Jan 2006 15:04:15 GMT", date)
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT")
	f.Add(date, "yesterday")
	f.Fuzz(func(t *testing.T, value, now string) {
		wait := RetryAfter(http.Header{"Retry-After": {value}, "Date": {now}}, maxDelay)
		if wait < 0 || wait > maxDelay {
			t.Errorf("Retry-After %q at %q: wait %s", value, now, wait)
		}
		if d := delay(time.Millisecond, 3, wait); d < 4*time.Millisecond || d > maxDelay {
			t.Errorf("Retry-After %q at %q: delay %s", value, now, d)
		}
	})
}
