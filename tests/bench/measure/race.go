package measure

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/load"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// A Sample is one run of one work against one contestant.
type Sample struct {
	Work       string        `json:"work"`
	Contestant string        `json:"contestant"`
	Round      int           `json:"round"`
	Requests   int64         `json:"requests"`
	Elapsed    time.Duration `json:"elapsed_ns"`
	CPU        time.Duration `json:"cpu_ns"`    // of the server's processes, user and system
	Waited     time.Duration `json:"waited_ns"` // they could have run, but something else did
	P50        time.Duration `json:"p50_ns"`
	P99        time.Duration `json:"p99_ns"`
	P999       time.Duration `json:"p999_ns"`
}

// Rate is requests a second.
func (s Sample) Rate() float64 { return float64(s.Requests) / s.Elapsed.Seconds() }

// CPUPerRequest is microseconds.
func (s Sample) CPUPerRequest() float64 {
	return float64(s.CPU) / float64(time.Microsecond) / float64(s.Requests)
}

// Busy is how much of the time the server had something to do: 1 is all. What the
// machine did instead on its CPU counts.
func (s Sample) Busy() float64 { return (s.CPU + s.Waited).Seconds() / s.Elapsed.Seconds() }

// Disturbed is how much of the time something else was on the CPU that the server wanted.
func (s Sample) Disturbed() float64 { return s.Waited.Seconds() / s.Elapsed.Seconds() }

// A Contestant is a server in the race.
type Contestant struct {
	*server.Server
	Works []string // that it is raced in; without any, in all
}

// takes says whether it takes part in a work.
func (c Contestant) takes(w load.Work) bool {
	return w.Can(c.Facts) && (len(c.Works) == 0 || slices.Contains(c.Works, w.ID))
}

// A Race is what is run, and how often.
type Race struct {
	Servers []Contestant
	Works   []load.Work
	Rounds  int
	Last    time.Duration // of a run
	Target  func(s *server.Server) load.Target

	Log func(format string, args ...any)
}

// Run goes through all works, and in each through all contestants round after round.
// Who is first changes from round to round, so that nobody always runs after the same.
func (r Race) Run(ctx context.Context) ([]Sample, error) {
	var samples []Sample
	for _, work := range r.Works {
		in := r.in(work)
		if err := r.restart(ctx, in); err != nil {
			return samples, err
		}
		for round := range r.Rounds {
			for i := range in {
				c := in[(i+round)%len(in)]
				sample, err := r.one(ctx, work, c.Server)
				if err != nil {
					return samples, fmt.Errorf("%s with %s: %w", work.ID, c.Name, err)
				}
				sample.Round = round
				samples = append(samples, sample)
				r.Log("%-12s round %d  %-16s %9.0f/s  %8.2f us of CPU each, busy %3.0f%%, disturbed %2.0f%%",
					work.ID, round+1, c.Name, sample.Rate(), sample.CPUPerRequest(), 100*sample.Busy(), 100*sample.Disturbed())
			}
		}
	}
	return samples, nil
}

// in are who takes part in a work: nobody, where there is somebody to compare with only.
func (r Race) in(work load.Work) []Contestant {
	in := slices.DeleteFunc(slices.Clone(r.Servers), func(c Contestant) bool { return !c.takes(work) })
	if len(in) < min(2, len(r.Servers)) {
		return nil
	}
	return in
}

// restart starts contestants anew: where their memory is, is chance, and not the same
// for all works.
func (r Race) restart(ctx context.Context, contestants []Contestant) error {
	for _, c := range contestants {
		if err := c.Stop(ctx); err != nil {
			return err
		}
		if err := c.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r Race) one(ctx context.Context, work load.Work, s *server.Server) (Sample, error) {
	target := r.Target(s)
	size, err := work.Check(ctx, target)
	if err != nil {
		return Sample{}, err
	}
	generator := work.Generator(size)
	before, err := s.Use()
	if err != nil {
		return Sample{}, err
	}
	result, err := generator.Run(ctx, target, r.Last)
	if err != nil {
		return Sample{}, err
	}
	after, err := s.Use()
	if err != nil {
		return Sample{}, err
	}
	if _, err := work.Check(ctx, target); err != nil {
		return Sample{}, fmt.Errorf("after the load: %w", err)
	}
	use := after.Since(before)
	return Sample{
		Work: work.ID, Contestant: s.Name, Requests: result.Requests, Elapsed: result.Elapsed, CPU: use.Ran, Waited: use.Waited,
		P50: result.P50, P99: result.P99, P999: result.P999,
	}, nil
}
