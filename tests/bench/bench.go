package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/load"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/peers"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// contestant is an image in the race.
type contestant struct{ name, image string }

func bench(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	divided, err := divide()
	if err != nil {
		return err
	}
	if divided.shared {
		fmt.Fprintln(os.Stderr, "There is one CPU for server and load: what is measured is worth little, but for the CPU time.")
	}
	contestants, err := gather(ctx, o)
	if err != nil {
		return err
	}
	if err := server.RemoveLeftovers(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "nginx-scratch-bench-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // nginx's user reads it
		return fmt.Errorf("making a folder: %w", err)
	}
	return race(ctx, o, divided, contestants, dir)
}

// gather makes the images of the peers and names all contestants, the base first.
func gather(ctx context.Context, o options) ([]contestant, error) {
	lock, err := peers.Committed()
	if err != nil {
		return nil, err
	}
	switch o.peers {
	case "none":
		lock.Peers = nil
	case "base":
		lock.Peers = lock.Peers[:1]
	}
	out := progress.New(os.Stderr, false, time.Now)
	defer out.Close()
	env := pipeline.Environment{Getenv: os.Getenv, LookupEnv: os.LookupEnv, UserCacheDir: os.UserCacheDir}
	fetcher, err := pipeline.NewFetcher(env, out)
	if err != nil {
		return nil, err
	}
	var all []contestant
	for _, p := range lock.Peers {
		if err := peers.Load(ctx, p, lock.Platform, fetcher); err != nil {
			return nil, err
		}
		all = append(all, contestant{p.Name, p.Tag()})
	}
	for _, image := range o.images {
		all = append(all, contestant{shortName(image), image})
	}
	if len(all) == 0 {
		return nil, errors.New("there is nobody in the race: name an image with -images")
	}
	return all, nil
}

// shortName is a reference without what all have.
func shortName(image string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == ':' || r == '@' {
			return '-'
		}
		return r
	}, strings.TrimPrefix(image, "nginx-scratch:"))
}

// race starts all contestants and lets them work.
func race(ctx context.Context, o options, divided cpus, contestants []contestant, dir string) (err error) {
	farm, err := server.NewFarm(dir, divided.server)
	if err != nil {
		return err
	}
	var started []*server.Server
	defer func() {
		for _, s := range started {
			err = errors.Join(err, s.Stop(ctx))
		}
	}()
	upstream, err := farm.Prepare(ctx, "upstream", contestants[0].image, 1)
	if err != nil {
		return err
	}
	upstream.On(divided.load)
	started = append(started, upstream)
	if err := upstream.Start(ctx); err != nil {
		return err
	}
	var servers []*server.Server
	for _, c := range contestants {
		s, err := farm.Prepare(ctx, c.name, c.image, upstream.Ports.HTTP)
		if err != nil {
			return err
		}
		servers, started = append(servers, s), append(started, s)
		if err := s.Start(ctx); err != nil {
			return err
		}
	}
	logf := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	samples, err := measure.Race{
		Servers: servers, Works: o.works, Rounds: o.rounds, Last: o.last(), Log: logf,
		Target: func(s *server.Server) load.Target {
			return load.Target{
				HTTP: s.Ports.HTTP, HTTPS: s.Ports.HTTPS, QUIC: s.Ports.QUIC, Cert: farm.Cert, ServerName: server.ServerName, Dir: dir,
			}
		},
	}.Run(ctx)
	if err != nil {
		return err
	}
	for _, c := range measure.Compare(samples, contestants[0].name) {
		note := ""
		if !c.Saturated {
			note = "  (the generator's limit: the CPU time counts)"
		}
		fmt.Printf("%-12s %-16s %9.0f/s  ratio %.3f [%.3f..%.3f]   %8.2f us  per CPU second %.3f [%.3f..%.3f]  busy %3.0f%%%s\n", c.Work, c.Contestant,
			c.Rate.Median, c.RateRatio.Median, c.RateRatio.Min, c.RateRatio.Max,
			c.CPU.Median, c.CPURatio.Median, c.CPURatio.Min, c.CPURatio.Max, 100*c.Busy.Median, note)
	}
	return nil
}
