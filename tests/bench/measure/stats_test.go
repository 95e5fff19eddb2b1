package measure

import (
	"slices"
	"testing"
	"time"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		numbers []float64
		want    Spread
	}{
		"none":  {nil, Spread{}},
		"one":   {[]float64{3}, Spread{3, 3, 3, 0}},
		"even":  {[]float64{4, 1, 3, 2}, Spread{2.5, 1, 4, 1}},
		"odd":   {[]float64{9, 1, 2}, Spread{2, 1, 9, 1}},
		"apart": {[]float64{1, 1, 1, 1, 100}, Spread{1, 1, 100, 0}}, // one that is far off moves nothing
	} {
		before := slices.Clone(tc.numbers)
		if got := Summarize(tc.numbers); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
		if !slices.Equal(before, tc.numbers) {
			t.Errorf("%s: the numbers are in another order now", name)
		}
	}
}

// sample is a run of one second.
func sample(work, contestant string, round int, requests int64, cpu time.Duration) Sample {
	return Sample{Work: work, Contestant: contestant, Round: round, Requests: requests, Elapsed: time.Second, CPU: cpu, P50: time.Duration(requests)}
}

func TestCompareIsOfPairs(t *testing.T) {
	t.Parallel()
	// The machine is half as fast in the second round, and ratios are what they were.
	samples := []Sample{
		sample("a", "base", 0, 1000, time.Second), sample("a", "ours", 0, 1500, time.Second),
		sample("a", "ours", 1, 750, time.Second), sample("a", "base", 1, 500, time.Second),
		sample("a", "base", 2, 800, time.Second), sample("a", "ours", 2, 1200, time.Second),
	}
	got := Compare(samples, []string{"base", "ours"})
	if len(got) != 2 || got[0].Contestant != "base" || got[1].Contestant != "ours" {
		t.Fatalf("got %+v", got)
	}
	if got[0].RateRatio != (Spread{1, 1, 1, 0}) || got[1].RateRatio != (Spread{1.5, 1.5, 1.5, 0}) {
		t.Errorf("ratios are %+v and %+v", got[0].RateRatio, got[1].RateRatio)
	}
	if least := got[1].LeastCPURatio; least < 1.4999 || least > 1.5001 { // 1 ms and 0.667 ms in the first round
		t.Errorf("the ratio of the least CPU times is %v", least)
	}
	if r := got[1].CPURatio; r.Median < 1.499 || r.Median > 1.501 || got[1].Base != "base" || got[1].P50 != 1200 || !got[1].Saturated {
		t.Errorf("got %+v", got[1])
	}
}

func TestCompareSaysWhoseTheRateIs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		base, ours time.Duration
		want       bool
	}{
		"both busy":      {950 * time.Millisecond, 990 * time.Millisecond, true},
		"base had time":  {800 * time.Millisecond, 990 * time.Millisecond, false},
		"ours had time":  {950 * time.Millisecond, 800 * time.Millisecond, false},
		"both had time":  {time.Millisecond, time.Millisecond, false},
		"just about not": {890 * time.Millisecond, 890 * time.Millisecond, false},
	} {
		got := Compare([]Sample{sample("a", "base", 0, 10, tc.base), sample("a", "ours", 0, 10, tc.ours)}, []string{"base", "ours"})
		if got[1].Saturated != tc.want {
			t.Errorf("%s: got %+v", name, got[1])
		}
	}
	// A server that wanted its CPU, and did not get it, was busy.
	disturbed := sample("a", "base", 0, 10, 500*time.Millisecond)
	disturbed.Waited = 450 * time.Millisecond
	if got := Compare([]Sample{disturbed}, []string{"base"})[0]; !got.Saturated || got.Disturbed.Median != 0.45 {
		t.Errorf("got %+v", got)
	}
}

func TestCompareWithoutTheBase(t *testing.T) {
	t.Parallel()
	got := Compare([]Sample{sample("b", "third", 0, 10, 1), sample("b", "second", 0, 20, 1), sample("b", "second", 5, 20, 1)}, []string{"base", "second", "third"})
	if got[0].Base != "second" || got[0].RateRatio.Median != 0.5 {
		t.Errorf("got %+v", got[0])
	}
}
