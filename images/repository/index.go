package repository

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

const indexFile = "APKINDEX.tar.gz"

// index gets and verifies the index of one repository. Older is what an
// earlier lock saw of it, nil where there is none.
func (c Client) index(ctx context.Context, repository, arch string, older *images.LockedIndex) (apk.Index, error) {
	what := fmt.Sprintf("the index of %s %s for %s", c.Alpine.Branch, repository, arch)
	data, err := store.Read(ctx, what, []string{c.Alpine.Place(c.Mirror, repository, arch, indexFile)}, maxIndex,
		store.Options{Progress: c.Progress})
	if err != nil {
		return apk.Index{}, fmt.Errorf("%w\ncheck the network, or name a mirror of Alpine's in ALPINE_MIRROR", err)
	}
	keys, err := c.keys(ctx, data)
	if err != nil {
		return apk.Index{}, fmt.Errorf("verifying %s: %w", what, err)
	}
	index, err := apk.ReadIndex(data, keys, arch, apk.DefaultLimits)
	if err != nil {
		return apk.Index{}, fmt.Errorf("verifying %s: %w", what, err)
	}
	if older != nil && index.Built.Unix() < older.Built {
		return apk.Index{}, fmt.Errorf("verifying %s: it was made at %s, and the lock has seen one of %s: "+
			"an old index may hide security fixes; use a mirror that is up to date", what,
			index.Built.Format(time.RFC3339), time.Unix(older.Built, 0).UTC().Format(time.RFC3339))
	}
	for i := range index.Records {
		index.Records[i].Repository = repository
	}
	return index, nil
}

// keys gets the pinned keys that an index says it is signed with.
func (c Client) keys(ctx context.Context, index []byte) (apk.Keys, error) {
	signers, err := apk.Signers(index)
	if err != nil {
		return nil, err
	}
	var keys apk.Keys
	var errs []error
	for _, name := range signers {
		if _, pinned := c.Alpine.Keys[name]; !pinned {
			continue
		}
		key, err := c.key(ctx, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		keys = append(keys, key)
	}
	switch {
	case len(keys) > 0:
		return keys, nil
	case len(errs) > 0:
		return nil, errors.Join(errs...)
	case len(signers) == 0:
		return nil, errors.New("it is not signed")
	}
	return nil, fmt.Errorf("it is signed with %s, and alpine.keys of the definition has only %s",
		strings.Join(signers, ", "), strings.Join(c.trusted(), ", "))
}

// key gets one key file and holds it against its fingerprint.
func (c Client) key(ctx context.Context, name string) (apk.Key, error) {
	var places []string
	for _, from := range c.KeysFrom {
		places = append(places, strings.TrimRight(from, "/")+"/"+url.PathEscape(name))
	}
	pem, err := store.Read(ctx, "the key "+name, places, maxKey, store.Options{Progress: c.Progress})
	if err != nil {
		return apk.Key{}, fmt.Errorf("%w\nname a folder that has the key file in ALPINE_KEYS", err)
	}
	return apk.Trust(c.Alpine.Keys, name, pem)
}

// records are those of all repositories, and what is to be locked of their indexes.
func (c Client) records(ctx context.Context, arch string, older []images.LockedIndex) ([]apk.Record, []images.LockedIndex, error) {
	var records []apk.Record
	var locked []images.LockedIndex
	for _, repository := range c.Alpine.Repositories {
		var before *images.LockedIndex
		if i := slices.IndexFunc(older, func(l images.LockedIndex) bool { return l.Repository == repository }); i >= 0 {
			before = &older[i]
		}
		index, err := c.index(ctx, repository, arch, before)
		if err != nil {
			return nil, nil, err
		}
		records = append(records, index.Records...)
		locked = append(locked, images.LockedIndex{
			Repository: repository, Description: index.Description, Built: index.Built.Unix(), Signer: index.Signer,
		})
	}
	return records, locked, nil
}
