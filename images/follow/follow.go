// Package follow looks for newer revisions of the sources that a lock pins, in
// the signed indexes of a distribution's mirrors, and pins them. It follows the
// branch that a definition is on, and never goes back.
package follow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Client is how to reach the suites of one definition.
type Client struct {
	Mirrors  []string // addresses, tried in order
	Keys     debian.Keys
	Store    *store.Store
	Progress *progress.Output
	Now      time.Time
}

// Result is a lock with the newest sources that can be had.
type Result struct {
	Lock images.Lock
	// Versions are those of the lock's components that the definition does not
	// have yet.
	Versions map[string]string
	Changes  []Change
	Notes    []string // what could not be had, a line each
}

// Update looks for newer sources than those of a lock, which was made for the
// definition or an earlier state of it. Nothing is believed that a key has not
// vouched for, and an index older than one that the lock has seen is refused.
func (c Client) Update(ctx context.Context, d images.Definition, old images.Lock) (Result, error) {
	r := Result{Lock: old, Versions: map[string]string{}}
	r.Lock.Debian, r.Lock.Components = nil, nil
	var all []offer
	for _, suite := range d.Debian.Suites {
		seen, _ := old.Suite(suite)
		offers, locked, err := c.suite(ctx, suite, seen, d)
		if err != nil {
			return Result{}, err
		}
		all = append(all, offers...)
		r.Lock.Debian = append(r.Lock.Debian, locked)
	}
	var errs []error
	for _, want := range d.Components {
		before, ok := old.Component(want.Name)
		if !ok {
			return Result{}, fmt.Errorf("the lock has no %s: its first entry is made by hand", want.Name)
		}
		now, err := c.component(ctx, want, before, all, &r)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", want.Name, err))
			continue
		}
		r.Lock.Components = append(r.Lock.Components, now)
		if now.Version != want.Version {
			r.Versions[want.Name] = now.Version
		}
		errs = append(errs, stale(d.Name, want, now)...)
	}
	return r, errors.Join(errs...)
}

// component is the newest entry that can be had for one.
func (c Client) component(ctx context.Context, want images.Component, before images.LockedComponent, all []offer, r *Result) (images.LockedComponent, error) {
	candidates, err := newer(want, before, all)
	if err != nil {
		return before, err
	}
	for _, candidate := range candidates {
		if before.Patches != nil && candidate.Version == before.Patches.Revision {
			return before, same(candidate, before)
		}
		now, made, err := c.pin(ctx, candidate, before)
		if store.Missing(err) {
			r.Notes = append(r.Notes, fmt.Sprintf("%s %s is in the index, but no mirror has its files yet", want.Name, candidate.Version))
			continue
		}
		if err != nil {
			return before, fmt.Errorf("%s: %w", candidate.Version, err)
		}
		if change := compare(before, now, candidate.Version); change.any() {
			r.Changes = append(r.Changes, change)
			r.Lock.SourceDateEpoch = max(r.Lock.SourceDateEpoch, made.Unix())
			return now, nil
		}
		break // what is locked has all of it
	}
	return before, nil
}

// same refuses a version that is locked, and has other files now.
func same(of candidate, before images.LockedComponent) error {
	for _, in := range before.Inputs() {
		if file, ok := of.Files[in.File]; ok && file.SHA256 != in.SHA256 {
			return fmt.Errorf("%s: the index has another SHA-256 for %s than the lock: look at what has changed", of.Version, in.File)
		}
	}
	return nil
}

// stale reports what the definition skips and the series no longer has.
func stale(name string, want images.Component, now images.LockedComponent) (errs []error) {
	for _, file := range slices.Sorted(maps.Keys(want.SkipPatches)) {
		if !has(now, file) {
			errs = append(errs, fmt.Errorf("images/%s.yaml: components[%s].skip_patches has %q, which %s no longer has: remove it there",
				name, want.Name, file, now.Revision()))
		}
	}
	return errs
}

func has(c images.LockedComponent, patch string) bool {
	return c.Patches != nil && slices.ContainsFunc(c.Patches.Patches, func(p images.Patch) bool { return p.File == patch })
}

// join adds a path, which is not escaped, to the address of a mirror.
func join(mirror string, path string) string { return strings.TrimRight(mirror, "/") + "/" + path }
