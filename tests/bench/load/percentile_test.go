package load

import (
	"testing"
	"time"
)

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var thousand []time.Duration
	for i := range 1000 {
		thousand = append(thousand, time.Duration(1000-i)) // 1 to 1000, the greatest first
	}
	for name, tc := range map[string]struct {
		times          []time.Duration
		p50, p99, p999 time.Duration
	}{
		"none":     {nil, 0, 0, 0},
		"one":      {[]time.Duration{7}, 7, 7, 7},
		"two":      {[]time.Duration{9, 1}, 1, 9, 9},
		"thousand": {thousand, 500, 990, 999},
	} {
		if p50, p99, p999 := Percentiles(tc.times); p50 != tc.p50 || p99 != tc.p99 || p999 != tc.p999 {
			t.Errorf("%s: got %d, %d, %d", name, p50, p99, p999)
		}
	}
}
