package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
	"github.com/nginx-scratch/nginx-scratch/images/follow"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// debianKeyring is where the package debian-archive-keyring has its keys.
const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// lockSources looks for newer sources of the components of a definition. The lock
// is written first, and then the versions that the definition does not have yet:
// who is killed in between starts again from the definition.
func (o Options) lockSources(ctx context.Context, d images.Definition, update bool, out *progress.Output) (edits, error) {
	if len(o.Platforms) > 0 {
		return edits{}, fmt.Errorf("%s is of sources, which are the same for all platforms: leave -platform out", lockFile(o.Name))
	}
	fsys := os.DirFS(o.Repository)
	if !update {
		if _, err := images.LoadLock(fsys, lockFile(o.Name), d); err != nil {
			return edits{}, err
		}
		out.Note(lockFile(o.Name) + " matches the definition; -update looks for newer sources")
		return edits{}, nil
	}
	if d.Debian == nil {
		return edits{}, fmt.Errorf("images/%s.yaml has no suites of Debian's to follow (debian.suites): its lock is edited by hand", o.Name)
	}
	// Whoever was killed between the two files has a lock that is ahead.
	old, err := images.ReadLock(fsys, lockFile(o.Name))
	if err != nil {
		return edits{}, err
	}
	client, err := o.follower(ctx, *d.Debian, out)
	if err != nil {
		return edits{}, err
	}
	result, err := client.Update(ctx, d, old)
	for _, line := range result.Notes {
		out.Note(line)
	}
	var e edits
	for _, change := range result.Changes {
		e.reasons = append(e.reasons, change.Lines()...)
	}
	for _, line := range e.reasons {
		out.Note(line)
	}
	if err != nil {
		return edits{}, err
	}
	if len(result.Changes) == 0 {
		out.Note("nothing newer can be had")
	}
	data, err := result.Lock.Encode()
	if err != nil {
		return edits{}, err
	}
	file := "images/" + o.Name + ".yaml"
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return edits{}, err
	}
	changed, err := images.SetVersions(file, text, result.Versions)
	e.files = []edit{{lockFile(o.Name), data}, {file, changed}}
	return e, err
}

// follower is the client for the suites that a definition follows.
func (o Options) follower(ctx context.Context, d images.Debian, out *progress.Output) (follow.Client, error) {
	c := follow.Client{Progress: out, Now: o.Now()}
	m, err := findMirrors(ctx, o.Env)
	if err != nil {
		return c, err
	}
	if c.Mirrors = m.debian; len(c.Mirrors) == 0 {
		return c, errors.New("no mirror of Debian's is known: this machine has no apt, or one without mirrors; name some in " + debianVariable)
	}
	path := debianKeyring
	if named := o.Env.Getenv(keyringVariable); named != "" {
		path = named
	}
	keyring, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("reading Debian's keys: %w: install debian-archive-keyring, or name its file in %s", err, keyringVariable)
	}
	if c.Keys, err = debian.Trust(d.Keys, keyring); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	cache, err := o.Env.CacheDir()
	if err != nil {
		return c, err
	}
	c.Store, err = store.Open(cache)
	return c, err
}
