package load

import (
	"math"
	"slices"
	"time"
)

// Percentiles are p50, p99 and p99.9 of some times, which are sorted by it: each is the
// smallest of the times that so many of them do not exceed. Without times all are zero.
func Percentiles(times []time.Duration) (p50, p99, p999 time.Duration) {
	slices.Sort(times)
	at := func(share float64) time.Duration {
		if len(times) == 0 {
			return 0
		}
		return times[max(0, int(math.Ceil(share*float64(len(times))))-1)]
	}
	return at(0.50), at(0.99), at(0.999)
}
