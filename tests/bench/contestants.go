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
	"github.com/nginx-scratch/nginx-scratch/tests/bench/peers"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// contestant is an image in the race.
type contestant struct {
	name, image    string
	peer           bool
	modules, works []string
}

// gather makes the images of the peers and names all contestants, the base first. A
// mirror keeps old packages for a while only: without those of a peer but the base, the
// race goes on without it.
func gather(ctx context.Context, o options) ([]contestant, error) {
	lock, err := peers.Committed()
	if err != nil {
		return nil, err
	}
	out := progress.New(os.Stderr, false, time.Now)
	defer out.Close()
	fetcher, err := pipeline.NewFetcher(environment(), out)
	if err != nil {
		return nil, err
	}
	var all []contestant
	for i, p := range lock.Peers {
		if o.peers == "none" || o.peers == "base" && p.Suite != lock.Peers[0].Suite {
			continue
		}
		there, err := server.Has(ctx, p.Tag())
		if err == nil && !there {
			err = peers.Load(ctx, p, lock.Platform, fetcher)
		}
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil && i == 0:
			return nil, err
		case err != nil:
			out.Note(fmt.Sprintf("The race is without %s: %v", p.Name, err))
			continue
		}
		all = append(all, contestant{name: p.Name, image: p.Tag(), peer: true, modules: p.ModulePaths(), works: p.Works})
	}
	for _, image := range o.images {
		c := contestant{name: shortName(image), image: image}
		for _, other := range all {
			if other.name == c.name {
				return nil, fmt.Errorf("%s is in the race already: name each image once", image)
			}
		}
		all = append(all, c)
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
