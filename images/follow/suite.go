package follow

import (
	"context"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
	"github.com/nginx-scratch/nginx-scratch/images/source"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

const (
	maxIndex = 4 << 20   // bytes of InRelease; Debian's have 150 kB
	maxList  = 512 << 20 // bytes of a list of sources or packages; Debian's have 57 MB
	listFile = "main/source/Sources"
)

// offer is a source that a suite has.
type offer struct{ debian.Source }

// suite gets and verifies the index of a suite and its list of sources, and
// returns those of the definition's components.
func (c Client) suite(ctx context.Context, name string, seen images.LockedSuite, d images.Definition) ([]offer, images.LockedSuite, error) {
	release, err := c.release(ctx, name)
	if err != nil {
		return nil, seen, err
	}
	if release.Date.Unix() < seen.Date {
		return nil, seen, fmt.Errorf("verifying the index of %s: it was made at %s, and the lock has seen one of %s: "+
			"an old index may hide security fixes; use a mirror that is up to date", name,
			release.Date.Format(time.RFC3339), time.Unix(seen.Date, 0).UTC().Format(time.RFC3339))
	}
	sources, err := c.sources(ctx, name, release, d)
	if err != nil {
		return nil, seen, fmt.Errorf("reading the sources of %s: %w", name, err)
	}
	var offers []offer
	for _, s := range sources {
		offers = append(offers, offer{s})
	}
	return offers, images.LockedSuite{Suite: name, Date: release.Date.Unix(), Signer: release.Signer}, nil
}

// release gets and verifies the index of a suite.
func (c Client) release(ctx context.Context, name string) (debian.Release, error) {
	what := "the index of " + name
	var places []string
	for _, mirror := range c.Mirrors {
		places = append(places, join(mirror, "dists/"+name+"/InRelease"))
	}
	data, err := store.Read(ctx, what, places, maxIndex, store.Options{Progress: c.Progress})
	if err != nil {
		return debian.Release{}, fmt.Errorf("%w\ncheck the network, or name mirrors that have it in DEBIAN_MIRROR", err)
	}
	release, err := debian.ReadRelease(data, name, c.Keys, c.Now)
	if err != nil {
		return debian.Release{}, fmt.Errorf("verifying %s: %w", what, err)
	}
	return release, nil
}

// sources are those of the definition that a suite's list has.
func (c Client) sources(ctx context.Context, suite string, release debian.Release, d images.Definition) (found []debian.Source, err error) {
	err = c.list(ctx, suite, release, listFile, func(r io.Reader) error {
		found, err = debian.ReadSources(r, func(name string) bool { _, ok := d.Component(name); return ok })
		return err
	})
	return found, err
}

// list gets a list that an index names, and has it read. By its hash it is there even
// while a mirror is changing from one to the next.
func (c Client) list(ctx context.Context, suite string, release debian.Release, file string, read func(io.Reader) error) error {
	packed, okPacked := release.Files[file+".xz"]
	plain, okPlain := release.Files[file]
	if !okPacked || !okPlain || plain.Size > maxList || packed.Size > maxList || packed.Size == 0 {
		return fmt.Errorf("the index has no %s.xz of a size that can be", file)
	}
	in := store.Input{Name: path.Base(file) + ".xz of " + suite, SHA256: packed.SHA256, Size: packed.Size}
	for _, file := range []string{path.Dir(file) + "/by-hash/SHA256/" + packed.SHA256, file + ".xz"} {
		for _, mirror := range c.Mirrors {
			in.Places = append(in.Places, join(mirror, "dists/"+suite+"/"+file))
		}
	}
	if err := c.Store.Fetch(ctx, []store.Input{in}, store.Options{Progress: c.Progress}); err != nil {
		return err
	}
	task := c.Progress.Start("reading "+in.Name, plain.Size)
	err := source.Decompress(c.Store.Path(in), source.Limits{Bytes: plain.Size}, func(r io.Reader) error {
		return read(&counted{ctx: ctx, Reader: r, set: task.Set})
	})
	task.Done(err)
	return err
}

// counted reads as long as nobody has lost patience.
type counted struct {
	ctx context.Context //nolint:containedctx // a reader has no other way to be told
	io.Reader

	count int64
	set   func(n int64)
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.Reader.Read(p)
	c.count += int64(n)
	c.set(c.count)
	return n, err
}
