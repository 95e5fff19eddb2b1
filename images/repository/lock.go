package repository

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/resolve"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Lock resolves the definition's packages for one platform against the signed
// indexes of today, gets each package, verifies it and keeps it in the store.
// Older is the platform's earlier lock, empty where there is none: an index
// older than the one it saw is refused.
func (c Client) Lock(ctx context.Context, platform string, older images.LockedPlatform) (images.LockedPlatform, error) {
	arch, err := images.AlpineArch(platform)
	if err != nil {
		return images.LockedPlatform{}, err
	}
	records, indexes, err := c.records(ctx, arch, older.Indexes)
	if err != nil {
		return images.LockedPlatform{}, err
	}
	choices, err := resolve.Resolve(c.Alpine.Packages, records)
	if err != nil {
		return images.LockedPlatform{}, fmt.Errorf("resolving the packages for %s: %w", platform, err)
	}
	var total int64
	for _, choice := range choices {
		total += choice.Size
	}
	task := c.Progress.Start(fmt.Sprintf("fetching %d packages for %s", len(choices), platform), total)
	packages, err := each(ctx, choices, func(choice resolve.Choice) (images.LockedPackage, error) {
		return c.pin(ctx, arch, choice.Record, older)
	})
	task.Done(err)
	if err != nil {
		return images.LockedPlatform{}, err
	}
	return images.LockedPlatform{Platform: platform, Arch: arch, Indexes: indexes, Packages: packages}, nil
}

// pin gets a package that the index vouches for, and returns its lock. One
// that the earlier lock has with the same checksum is taken from the store.
func (c Client) pin(ctx context.Context, arch string, r apk.Record, older images.LockedPlatform) (images.LockedPackage, error) {
	locked := images.LockedPackage{
		Name: r.Name, Version: r.Version, Arch: r.Arch, Repository: r.Repository,
		Checksum: r.Checksum.String(), Size: r.Size, Built: r.Built.Unix(),
	}
	if before, ok := older.Package(r.Name); ok {
		locked.SHA256 = before.SHA256
		if locked == before && c.Store.Verify(c.input(arch, locked)) == nil {
			return locked, nil
		}
	}
	data, err := store.Read(ctx, "package "+r.File(), []string{c.Alpine.Place(c.Mirror, r.Repository, arch, r.File())}, r.Size,
		store.Options{Progress: c.Progress})
	if err != nil {
		return locked, err
	}
	if _, err := apk.ReadPackage(data, r, apk.DefaultLimits); err != nil {
		return locked, fmt.Errorf("the mirror's %s is not what the signed index says: %w", r.File(), err)
	}
	sum := sha256.Sum256(data)
	locked.SHA256 = hex.EncodeToString(sum[:])
	return locked, c.Store.Put(ctx, c.input(arch, locked), data)
}
