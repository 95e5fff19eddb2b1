package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
	"github.com/nginx-scratch/nginx-scratch/images/follow"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// debianKeyring is where the package debian-archive-keyring has its keys.
const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// lockSources updates the lock of a definition of components, and the versions
// in the definition where a newer release has come.
func (o Options) lockSources(ctx context.Context, d images.Definition, update bool, out *progress.Output) error {
	if len(o.Platforms) > 0 {
		return fmt.Errorf("%s is of sources, which are the same for all platforms: leave -platform out", lockFile(o.Name))
	}
	fsys := os.DirFS(o.Repository)
	if !update {
		if _, err := images.LoadLock(fsys, lockFile(o.Name), d); err != nil {
			return err
		}
		out.Note(lockFile(o.Name) + " matches the definition; -update looks for newer sources")
		return nil
	}
	if d.Debian == nil {
		return fmt.Errorf("images/%s.yaml has no suites of Debian's to follow (debian.suites): its lock is edited by hand", o.Name)
	}
	// Whoever was killed between the two files has a lock that is ahead.
	old, err := images.ReadLock(fsys, lockFile(o.Name))
	if err != nil {
		return err
	}
	client, err := o.follower(ctx, *d.Debian, out)
	if err != nil {
		return err
	}
	result, err := client.Update(ctx, d, old)
	for _, line := range result.Notes {
		out.Note(line)
	}
	for _, change := range result.Changes {
		for _, line := range change.Lines() {
			out.Note(line)
		}
	}
	if err != nil {
		return err
	}
	if len(result.Changes) == 0 {
		out.Note("nothing newer can be had")
	}
	return o.writeSources(d, result)
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

// writeSources writes the lock, and then the versions that the definition does
// not have. Who is killed in between starts again from the definition.
func (o Options) writeSources(d images.Definition, r follow.Result) error {
	data, err := r.Lock.Encode()
	if err != nil {
		return err
	}
	path := filepath.Join(o.Repository, "images", o.Name+".yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := images.SetVersions(path, text, r.Versions)
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(o.Repository, filepath.FromSlash(lockFile(o.Name))), data); err != nil {
		return fmt.Errorf("writing %s: %w", lockFile(o.Name), err)
	}
	if err := replaceFile(path, changed); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if d, err = loadDefinition(o.Repository, o.Name); err == nil {
		_, err = images.LoadLock(os.DirFS(o.Repository), lockFile(o.Name), d)
	}
	if err != nil {
		return fmt.Errorf("reading back what was written: %w", err)
	}
	return nil
}
