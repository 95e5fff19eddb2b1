package store

import (
	"net/http"
	"strconv"
	"time"
)

// maxDelay bounds every wait between two attempts, whoever asks for it.
const maxDelay = 30 * time.Second

// delay is the wait after the failed attempt n, counted from 1: base, doubled each time, or longer if
// the server asked for it. There is no jitter: few clients build at the same moment, and equal
// runs are easier to understand.
func delay(base time.Duration, n int, after time.Duration) time.Duration {
	d := min(base, maxDelay)
	for range n - 1 {
		d = min(2*d, maxDelay)
	}
	return max(d, min(after, maxDelay))
}

// RetryAfter is the wait that a response asks for, 0 if it does not say, and at most limit. A date is
// taken relative to the server's own clock, as only the difference is meant.
func RetryAfter(header http.Header, limit time.Duration) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return min(time.Duration(max(0, min(seconds, int64(limit/time.Second)+1)))*time.Second, limit)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, min(until.Sub(now), limit))
}
