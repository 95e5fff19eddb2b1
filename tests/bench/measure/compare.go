package measure

import (
	"slices"
	"time"
)

// saturated is how much of its CPU a server must have used for the number of requests
// to be its own and not the generator's.
const saturated = 0.9

// A Comparison is one contestant in one work, against the base.
type Comparison struct {
	Work       string `json:"work"`
	Contestant string `json:"contestant"`
	Base       string `json:"base"` // whom ratios are of
	Rate       Spread `json:"requests_per_second"`
	CPU        Spread `json:"cpu_microseconds_per_request"`
	Busy       Spread `json:"busy"`      // 1 is all of the time
	Disturbed  Spread `json:"disturbed"` // by what else was on its CPU
	// Of each round, this contestant's requests a second divided by the base's, and the
	// base's CPU time a request by this one's: above 1 is better in both.
	RateRatio Spread `json:"rate_ratio"`
	CPURatio  Spread `json:"cpu_ratio"`
	// LeastCPURatio is the base's least CPU time divided by this one's least: of the rounds
	// in which the machine did least else. With many short rounds it is the most exact.
	LeastCPURatio float64 `json:"least_cpu_ratio"`
	// Saturated says that this contestant and the base used their CPU. Where they did
	// not, the rate is the generator's, and the CPU time says more.
	Saturated bool          `json:"saturated"`
	P50       time.Duration `json:"p50_ns"` // medians over the rounds
	P99       time.Duration `json:"p99_ns"`
	P999      time.Duration `json:"p999_ns"`
}

// Compare makes a Comparison of each work and contestant, in the order in which they
// first appear. Ratios are of the contestant that comes first in the order of names and
// takes part in the work.
func Compare(samples []Sample, names []string) []Comparison {
	var found []Comparison
	for _, s := range samples {
		if !slices.ContainsFunc(found, func(c Comparison) bool { return c.Work == s.Work && c.Contestant == s.Contestant }) {
			found = append(found, compare(samples, s.Work, s.Contestant, base(samples, s.Work, names)))
		}
	}
	return found
}

// base is who the ratios of a work are of.
func base(samples []Sample, work string, names []string) string {
	for _, name := range names {
		if slices.ContainsFunc(samples, func(s Sample) bool { return s.Work == work && s.Contestant == name }) {
			return name
		}
	}
	return ""
}

func compare(samples []Sample, work, contestant, base string) Comparison {
	bases := map[int]Sample{}
	for _, s := range samples {
		if s.Work == work && s.Contestant == base {
			bases[s.Round] = s
		}
	}
	var baseCPUs []float64
	var rates, cpus, busy, baseBusy, disturbed, rateRatios, cpuRatios, p50, p99, p999 []float64
	for _, s := range samples {
		if s.Work != work || s.Contestant != contestant {
			continue
		}
		rates, cpus, busy = append(rates, s.Rate()), append(cpus, s.CPUPerRequest()), append(busy, s.Busy())
		disturbed = append(disturbed, s.Disturbed())
		p50, p99, p999 = append(p50, float64(s.P50)), append(p99, float64(s.P99)), append(p999, float64(s.P999))
		if b, ok := bases[s.Round]; ok {
			rateRatios, cpuRatios = append(rateRatios, s.Rate()/b.Rate()), append(cpuRatios, b.CPUPerRequest()/s.CPUPerRequest())
			baseCPUs = append(baseCPUs, b.CPUPerRequest())
			baseBusy = append(baseBusy, b.Busy())
		}
	}
	least := 0.0
	if len(baseCPUs) > 0 {
		least = slices.Min(baseCPUs) / slices.Min(cpus)
	}
	return Comparison{
		LeastCPURatio: least,
		Work:          work, Contestant: contestant, Base: base, Rate: Summarize(rates), CPU: Summarize(cpus), Busy: Summarize(busy), Disturbed: Summarize(disturbed),
		RateRatio: Summarize(rateRatios), CPURatio: Summarize(cpuRatios),
		Saturated: Median(busy) >= saturated && (len(baseBusy) == 0 || Median(baseBusy) >= saturated),
		P50:       time.Duration(Median(p50)), P99: time.Duration(Median(p99)), P999: time.Duration(Median(p999)),
	}
}
