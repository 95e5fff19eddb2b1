package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/load"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/report"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

func bench(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.table {
		r, err := report.Read(o.out)
		if err != nil {
			return err
		}
		return r.Markdown(os.Stdout)
	}
	if o.update {
		return update(ctx)
	}
	divided, err := divide()
	if err != nil {
		return err
	}
	if divided.shared {
		sayf("There is one CPU for server and load: what is measured is worth little, but for the CPU time.")
	}
	dir, release, err := alone(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	m, err := machine(ctx, divided)
	if err != nil {
		return err
	}
	contestants, err := gather(ctx, o)
	if err != nil {
		return err
	}
	r, err := race(ctx, o, m, contestants, dir)
	if err != nil {
		return err
	}
	if o.out != "" {
		if err := r.Write(o.out); err != nil {
			return err
		}
	}
	return r.Text(os.Stdout)
}

// sayf tells the person at the screen.
func sayf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// race starts all contestants and lets them work.
func race(ctx context.Context, o options, m report.Machine, contestants []contestant, dir string) (r report.Report, err error) {
	g := grounds{m: m, dir: dir}
	defer func() { err = errors.Join(err, g.stop(ctx)) }()
	if err := g.prepare(ctx, contestants); err != nil {
		return report.Report{}, err
	}
	r = report.Report{Date: time.Now(), Machine: m, Settings: report.Settings{Rounds: o.rounds, Seconds: o.seconds}}
	if r.Settings.Config, err = server.Config(g.servers[0].Ports); err != nil {
		return report.Report{}, err
	}
	r.Samples, err = measure.Race{
		Servers: g.servers, Works: o.works, Rounds: o.rounds, Last: o.last(), Log: sayf, Target: g.target,
	}.Run(ctx)
	if err != nil {
		return report.Report{}, err
	}
	for _, w := range o.works {
		if slices.ContainsFunc(r.Samples, func(s measure.Sample) bool { return s.Work == w.ID }) {
			r.Works = append(r.Works, report.Work{ID: w.ID, Title: w.Title, Text: w.Text})
		}
	}
	var names []string
	for i, c := range contestants {
		if !slices.ContainsFunc(r.Samples, func(s measure.Sample) bool { return s.Contestant == c.name }) {
			continue // was needed for nothing
		}
		s := g.servers[i]
		r.Contestants = append(r.Contestants, report.Contestant{
			Name: c.name, Peer: c.peer, Image: c.image, ID: s.Facts.ID, Nginx: s.Facts.Version, TLS: s.Facts.OpenSSL, Works: c.works,
			Disk: s.Facts.Size,
		})
		names = append(names, c.name)
	}
	if len(names) == 0 {
		return report.Report{}, errors.New("nobody can do any of the works: see -works")
	}
	r.Comparisons = measure.Compare(r.Samples, names)
	if o.out != "" {
		err = g.atRest(ctx, o, r.Contestants)
	}
	return r, err
}

// grounds are where the race is run.
type grounds struct {
	m        report.Machine
	dir      string
	farm     *server.Farm
	upstream *server.Server
	servers  []measure.Contestant
}

func (g *grounds) target(s *server.Server) load.Target {
	return load.Target{
		HTTP: s.Ports.HTTP, HTTPS: s.Ports.HTTPS, QUIC: s.Ports.QUIC, Cert: g.farm.Cert, ServerName: server.ServerName, Dir: g.dir,
	}
}

// prepare starts the upstream of the reverse proxies, beside the load, and writes the
// configuration of all contestants.
func (g *grounds) prepare(ctx context.Context, contestants []contestant) (err error) {
	if g.farm, err = server.NewFarm(g.dir, g.m.ServerCPUs); err != nil {
		return err
	}
	// It asks nobody: port 9 is discard's.
	if g.upstream, err = g.farm.Prepare(ctx, "upstream", contestants[0].image, nil, 9); err != nil {
		return err
	}
	g.upstream.On(g.m.LoadCPUs)
	if err := g.upstream.Start(ctx); err != nil {
		return err
	}
	for _, c := range contestants {
		s, err := g.farm.Prepare(ctx, c.name, c.image, c.modules, g.upstream.Ports.HTTP)
		if err != nil {
			return err
		}
		g.servers = append(g.servers, measure.Contestant{Server: s, Works: c.works})
	}
	return nil
}

func (g *grounds) stop(ctx context.Context) (err error) {
	for _, c := range g.servers {
		err = errors.Join(err, c.Stop(ctx))
	}
	if g.upstream != nil {
		err = errors.Join(err, g.upstream.Stop(ctx))
	}
	return err
}
