package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/report"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// How often contestants are started, without a container and with one.
const (
	bareStarts  = 21
	starts      = 7
	quickStarts = 3
)

// resting is a contestant that is measured without load.
type resting struct {
	*server.Server

	bare                     server.Bare
	first, listens, rss, pss []float64 // of each start
}

// atRest measures what needs no load: sizes, memory and starts. Of contestants those are
// filled in that take part in everything.
func (g *grounds) atRest(ctx context.Context, o options, contestants []report.Contestant) error {
	var all []*resting
	for i, c := range contestants {
		if !c.Whole() {
			continue
		}
		at := slices.IndexFunc(g.servers, func(s measure.Contestant) bool { return s.Name == c.Name })
		s := &resting{Server: g.servers[at].Server}
		root, err := server.Unpack(ctx, c.Image, filepath.Join(g.dir, c.Name+"-root"))
		if err != nil {
			return err
		}
		contestants[i].Compressed = root.Compressed
		if s.bare, err = s.Bare(root); err != nil {
			return err
		}
		all = append(all, s)
	}
	rounds, bareRounds := starts, bareStarts
	if o.quick {
		rounds = quickStarts
	}
	if !isRoot() {
		sayf("Memory, and starts without a container, are not measured: only root can look at processes of others, and change the root of its own.")
		bareRounds = 0
	}
	if err := turns(rounds, all, func(s *resting) error { return s.start(ctx) }); err != nil {
		return err
	}
	if err := turns(bareRounds, all, func(s *resting) error { return s.listen(ctx) }); err != nil {
		return err
	}
	for i, c := range contestants {
		for _, s := range all {
			if s.Name == c.Name {
				contestants[i].FirstAnswer, contestants[i].Listening = measure.Summarize(s.first), measure.Summarize(s.listens)
				contestants[i].RSS, contestants[i].PSS = int64(measure.Median(s.rss)), int64(measure.Median(s.pss))
			}
		}
	}
	return nil
}

func isRoot() bool { return os.Geteuid() == 0 }

// turns has everybody do something, over and over, another one first each time.
func turns(rounds int, all []*resting, do func(*resting) error) error {
	for round := range rounds {
		for i := range all {
			if err := do(all[(i+round)%len(all)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// start starts a container, alone, and looks at its memory before it does anything.
func (s *resting) start(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	s.first = append(s.first, s.FirstAnswer.Seconds())
	if isRoot() {
		m, err := s.Memory()
		if err != nil {
			return err
		}
		s.rss, s.pss = append(s.rss, float64(m.RSS)), append(s.pss, float64(m.PSS))
	}
	return s.Stop(ctx)
}

// listen starts nginx without a container.
func (s *resting) listen(ctx context.Context) error {
	took, err := s.bare.Listening(ctx)
	s.listens = append(s.listens, took.Seconds())
	return err
}
