package measure

import (
	"context"
	"fmt"
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
	CPU        time.Duration `json:"cpu_ns"` // of the server's processes, user and system
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

// Busy is how much of the time the server was on its CPU: 1 is all.
func (s Sample) Busy() float64 { return s.CPU.Seconds() / s.Elapsed.Seconds() }

// A Race is what is run, and how often.
type Race struct {
	Servers []*server.Server // running or not: each is started anew for a round
	Works   []load.Work
	Rounds  int
	Last    time.Duration // of a run
	Target  func(s *server.Server) load.Target
	Log     func(format string, args ...any)
}

// Run goes through all works, and in each through all contestants round after round.
// Who is first changes from round to round, so that nobody always runs after the same.
func (r Race) Run(ctx context.Context) ([]Sample, error) {
	var samples []Sample
	for _, work := range r.Works {
		for round := range r.Rounds {
			for i := range r.Servers {
				s := r.Servers[(i+round)%len(r.Servers)]
				if !work.Can(s.Facts) {
					continue
				}
				sample, err := r.one(ctx, work, s)
				if err != nil {
					return samples, fmt.Errorf("%s with %s: %w", work.ID, s.Name, err)
				}
				sample.Round = round
				samples = append(samples, sample)
				r.Log("%-12s round %d  %-16s %9.0f/s  %8.2f us of CPU each, busy %3.0f%%",
					work.ID, round+1, s.Name, sample.Rate(), sample.CPUPerRequest(), 100*sample.Busy())
			}
		}
	}
	return samples, nil
}

func (r Race) one(ctx context.Context, work load.Work, s *server.Server) (Sample, error) {
	target := r.Target(s)
	size, err := work.Check(ctx, target)
	if err != nil {
		return Sample{}, err
	}
	generator := work.Generator(size)
	before, err := s.CPU()
	if err != nil {
		return Sample{}, err
	}
	result, err := generator.Run(ctx, target, r.Last)
	if err != nil {
		return Sample{}, err
	}
	after, err := s.CPU()
	if err != nil {
		return Sample{}, err
	}
	if _, err := work.Check(ctx, target); err != nil {
		return Sample{}, fmt.Errorf("after the load: %w", err)
	}
	return Sample{
		Work: work.ID, Contestant: s.Name, Requests: result.Requests, Elapsed: result.Elapsed, CPU: after - before,
		P50: result.P50, P99: result.P99, P999: result.P999,
	}, nil
}
