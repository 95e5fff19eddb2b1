// Package repository asks Alpine's repositories: it gets their signed indexes,
// resolves what a definition wants against them, and gets the packages that
// were chosen. What comes from a mirror is believed only as far as a pinned
// key has signed it.
package repository

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Client is how to reach the repositories of one definition.
type Client struct {
	Alpine images.Alpine
	Mirror string // an address: the definition's, or one of the user's own
	// KeysFrom are addresses of folders with key files, tried in order.
	KeysFrom []string
	// Near are addresses that may have a package by its SHA-256, tried before
	// the mirror; empty where there is none.
	Near     func(sha256 string) []string
	Store    *store.Store
	Progress *progress.Output
}

// Limits of what is read before anything is known of it. Alpine's largest
// index has 2 MB.
const (
	maxIndex = 64 << 20 // bytes
	maxKey   = 64 << 10 // bytes
)

// parallel is how many packages are read at once.
const parallel = 4

// input is a locked package as the store has it.
func (c Client) input(arch string, l images.LockedPackage) store.Input {
	in := store.Input{Name: l.File(), SHA256: l.SHA256, Size: l.Size}
	if c.Near != nil {
		in.Places = c.Near(l.SHA256)
	}
	in.Places = append(in.Places, c.Alpine.Place(c.Mirror, l.Repository, arch, l.File()))
	return in
}

// Fetch makes the packages of a lock present in the store. Where they are
// there no connection is opened.
func (c Client) Fetch(ctx context.Context, locked ...images.LockedPlatform) error {
	var inputs []store.Input
	for _, p := range locked {
		for _, l := range p.Packages {
			in := c.input(p.Arch, l)
			if !slices.ContainsFunc(inputs, func(other store.Input) bool { return other.SHA256 == in.SHA256 }) {
				inputs = append(inputs, in)
			}
		}
	}
	return c.Store.Fetch(ctx, inputs, store.Options{Progress: c.Progress})
}

// Has reports whether all packages of a lock are in the store, by their sizes.
func (c Client) Has(locked images.LockedPlatform) bool {
	return !slices.ContainsFunc(locked.Packages, func(l images.LockedPackage) bool {
		info, err := os.Stat(c.Path(l))
		return err != nil || info.Size() != l.Size
	})
}

// Path is where the store keeps a package, whether it is there or not.
func (c Client) Path(l images.LockedPackage) string {
	return c.Store.Path(store.Input{SHA256: l.SHA256})
}

// Read gives the verified content of one package, which Fetch has made present.
func (c Client) Read(l images.LockedPackage) (apk.Package, error) {
	data, err := os.ReadFile(c.Path(l))
	if err != nil {
		return apk.Package{}, fmt.Errorf("package %s: %w", l.File(), err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != l.SHA256 {
		return apk.Package{}, fmt.Errorf("package %s: its SHA-256 in the store is %x, but the lock says %s", l.File(), sum, l.SHA256)
	}
	checksum, err := apk.ParseChecksum(l.Checksum)
	if err != nil {
		return apk.Package{}, fmt.Errorf("package %s: the lock's checksum: %w", l.File(), err)
	}
	want := apk.Record{
		Repository: l.Repository, Checksum: checksum, Name: l.Name, Version: l.Version, Arch: l.Arch,
		Size: l.Size, Built: time.Unix(l.Built, 0).UTC(),
	}
	return apk.ReadPackage(data, want, apk.DefaultLimits)
}

// ReadAll gives the verified contents of all packages, in the order of the lock.
func (c Client) ReadAll(ctx context.Context, locked images.LockedPlatform) ([]apk.Package, error) {
	return each(ctx, locked.Packages, c.Read)
}

// each calls f for all items, some at once, and returns the results in order.
func each[T, R any](ctx context.Context, items []T, f func(T) (R, error)) ([]R, error) {
	results, errs := make([]R, len(items)), make([]error, len(items))
	slots := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	for i, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if errs[i] = ctx.Err(); errs[i] == nil {
				results[i], errs[i] = f(item)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return results, errors.Join(errs...)
}

// Answers says, within the time given, whether the mirror has the indexes.
func (c Client) Answers(ctx context.Context, arch string, within time.Duration) error {
	return store.Answers(ctx, c.Alpine.Place(c.Mirror, c.Alpine.Repositories[0], arch, indexFile), within)
}

// trusted lists the names of the keys that the definition pins.
func (c Client) trusted() []string { return slices.Sorted(maps.Keys(c.Alpine.Keys)) }
