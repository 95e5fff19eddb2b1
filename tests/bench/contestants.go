package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
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

// gather names all contestants, the base first, and makes the images of the peers that
// Docker does not have yet. Of those that are no base, packages may not be had any more:
// then the race is without them.
func gather(ctx context.Context, o options) ([]contestant, error) {
	out := progress.New(os.Stderr, false, time.Now)
	defer out.Close()
	lock, err := peers.Committed()
	if err != nil {
		return nil, err
	}
	var all []contestant
	for i, p := range lock.Peers {
		if o.peers == "none" || o.peers == "base" && p.Suite != lock.Peers[0].Suite {
			continue
		}
		switch err := ready(ctx, p, lock.Platform, out); {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil && i == 0:
			return nil, err
		case err != nil:
			out.Note(fmt.Sprintf("The race is without %s: %v", p.Name, err))
		default:
			all = append(all, contestant{name: p.Name, image: p.Tag(), peer: true, modules: p.ModulePaths(), works: p.Works})
		}
	}
	return join(all, o.images)
}

// ready has Docker have the image of a peer.
func ready(ctx context.Context, p peers.Peer, platform string, out *progress.Output) error {
	if there, err := server.Has(ctx, p.Tag()); there || err != nil {
		return err
	}
	if here := runtime.GOOS + "/" + runtime.GOARCH; here != platform {
		return fmt.Errorf("%s is for %s, and this machine is %s: -peers none races images against each other", p.Name, platform, here)
	}
	fetcher, err := pipeline.NewFetcher(environment(), out)
	if err != nil {
		return err
	}
	return peers.Load(ctx, p, platform, fetcher)
}

// join adds images that were named to the contestants.
func join(all []contestant, images []string) ([]contestant, error) {
	for _, image := range images {
		c := contestant{name: shortName(image), image: image}
		if slices.ContainsFunc(all, func(other contestant) bool { return other.name == c.name }) {
			return nil, fmt.Errorf("%s is in the race already: name each image once", image)
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
