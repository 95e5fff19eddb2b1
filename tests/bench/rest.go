package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/report"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// How often contestants are started, without a container and with one.
const (
	bareStarts = 21
	starts     = 7
)

// atRest measures what needs no load: sizes, memory and starts. Of contestants those are
// filled in that take part in everything.
func (g *grounds) atRest(ctx context.Context, o options, contestants []report.Contestant) error {
	if err := g.memory(ctx, o, contestants); err != nil {
		return err
	}
	bares := map[string]server.Bare{}
	for i, c := range contestants {
		root, err := server.Unpack(ctx, c.Image, filepath.Join(g.dir, c.Name+"-root"))
		if err != nil {
			return err
		}
		contestants[i].Compressed = root.Compressed
		if bares[c.Name], err = g.servers[i].Bare(root); err != nil {
			return err
		}
	}
	if os.Geteuid() != 0 {
		sayf("Starts without a container are not measured: only root can change the root of a process.")
		return nil
	}
	took := map[string][]float64{}
	for round := range bareStarts {
		for i := range contestants {
			c := contestants[(i+round)%len(contestants)]
			listening, err := bares[c.Name].Listening(ctx)
			if err != nil {
				return err
			}
			took[c.Name] = append(took[c.Name], listening.Seconds())
		}
	}
	for i, c := range contestants {
		contestants[i].Listening = measure.Summarize(took[c.Name])
		sayf("%-16s listens %.2f ms after exec", c.Name, 1000*contestants[i].Listening.Median)
	}
	return nil
}

// memory starts everybody anew a few times and looks at them before they do anything.
func (g *grounds) memory(ctx context.Context, o options, contestants []report.Contestant) error {
	rounds := starts
	if o.quick {
		rounds = 3
	}
	first, rss, pss := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for round := range rounds {
		for i := range contestants {
			s := g.servers[(i+round)%len(contestants)]
			if err := s.Stop(ctx); err != nil {
				return err
			}
			if err := s.Start(ctx); err != nil {
				return err
			}
			m, err := s.Memory()
			if err != nil {
				return err
			}
			first[s.Name] = append(first[s.Name], s.FirstAnswer.Seconds())
			rss[s.Name], pss[s.Name] = append(rss[s.Name], float64(m.RSS)), append(pss[s.Name], float64(m.PSS))
			if err := s.Stop(ctx); err != nil { // PSS is of one that shares with nobody
				return err
			}
		}
	}
	for i, c := range contestants {
		if len(rss[c.Name]) == 0 {
			return fmt.Errorf("measuring the memory of %s: it was never started", c.Name)
		}
		contestants[i].FirstAnswer = measure.Summarize(first[c.Name])
		contestants[i].RSS, contestants[i].PSS = int64(measure.Median(rss[c.Name])), int64(measure.Median(pss[c.Name]))
	}
	return nil
}
