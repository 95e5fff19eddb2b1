package follow

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // the name of a file in an archive, not its proof
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"pault.ag/go/debian/changelog"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
	"github.com/nginx-scratch/nginx-scratch/images/source"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

var (
	originalName = regexp.MustCompile(`\.orig\.tar\.(gz|xz)$`)
	packingName  = regexp.MustCompile(`\.(debian\.tar\.(gz|xz)|diff\.gz)$`)
	otherName    = regexp.MustCompile(`\.(tar\.[a-z0-9]+|diff\.[a-z0-9]+)$`)
	// bySHA1 is an address that names a file by its SHA-1, as archives of what
	// mirrors have dropped do.
	bySHA1 = regexp.MustCompile(`/[0-9a-f]{40}$`)
)

// limits are far above what archives of patches hold.
var limits = source.Limits{Bytes: 256 << 20, Entries: 20_000}

// pin gets the files of a candidate and makes the entry of the lock. Made is the
// date of the revision.
func (c Client) pin(ctx context.Context, of candidate, before images.LockedComponent) (now images.LockedComponent, made time.Time, err error) {
	original, packing, err := archives(of.Files)
	if err != nil {
		return now, made, err
	}
	now = before
	now.Version, now.Patches = of.Release, nil
	template := before.Source
	if before.Patches != nil {
		template = before.Patches.Archive
	}
	archive, err := c.input(ctx, of, packing, template, "") // first, for it is the smaller one
	if err != nil {
		return now, made, err
	}
	if sum := of.Files[original].SHA256; sum != before.Source.SHA256 {
		if before.Version == of.Release {
			return now, made, fmt.Errorf("%s has another SHA-256 than the lock has for the same release: look at what has changed", original)
		}
		if now.Source, err = c.input(ctx, of, original, before.Source, before.Version); err != nil {
			return now, made, err
		}
	}
	series, err := source.ReadSeries(ctx, c.path(archive), limits)
	if err != nil {
		return now, made, err
	}
	if made, err = dated(series.Changelog, of.Version); err != nil {
		return now, made, fmt.Errorf("%s: %w", packing, err)
	}
	if len(series.Patches) == 0 {
		return now, made, nil
	}
	now.Patches = &images.Series{Revision: of.Version, Archive: archive}
	for _, p := range series.Patches {
		now.Patches.Patches = append(now.Patches.Patches, images.Patch{File: p.Name, SHA256: p.SHA256})
	}
	return now, made, nil
}

// archives are the two that a source is made of.
func archives(files map[string]debian.File) (original, packing string, err error) {
	for name := range files {
		switch {
		case originalName.MatchString(name) && original == "":
			original = name
		case packingName.MatchString(name) && packing == "":
			packing = name
		case otherName.MatchString(name):
			return "", "", fmt.Errorf("it has an archive %s that there is no place for", name)
		}
	}
	if original == "" || packing == "" {
		return "", "", errors.New("it has no archive of upstream's, or none of Debian's")
	}
	return original, packing, nil
}

// dated is when the newest entry of a changelog was made.
func dated(text, version string) (time.Time, error) {
	entry, err := changelog.ParseOne(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading debian/changelog: %w", err)
	}
	if got := entry.Version.String(); got != version {
		return time.Time{}, fmt.Errorf("debian/changelog begins with %q, not with %q", got, version)
	}
	return entry.When, nil
}

// input gets a file, by the SHA-256 that the index has for it, and makes its
// entry of the lock, with the same kinds of places as the one before it. The
// release is the one in the addresses of that one, if there is any.
func (c Client) input(ctx context.Context, of candidate, name string, before images.Input, release string) (images.Input, error) {
	file := of.Files[name]
	in := images.Input{File: name, SHA256: file.SHA256, Size: file.Size}
	get := store.Input{Name: name, SHA256: file.SHA256, Size: file.Size}
	var pool []string
	for _, directory := range of.Directories {
		escaped := escape(directory + "/" + name)
		pool = append(pool, "debian:"+escaped)
		for _, mirror := range c.Mirrors {
			get.Places = append(get.Places, join(mirror, escaped))
		}
	}
	if err := c.Store.Fetch(ctx, []store.Input{get}, store.Options{Progress: c.Progress}); err != nil {
		return in, err
	}
	sum, err := sha1Of(c.Store.Path(get))
	if err != nil {
		return in, err
	}
	for _, place := range before.Places {
		switch {
		case bySHA1.MatchString(place):
			in.Places = append(in.Places, bySHA1.ReplaceAllString(place, "/"+sum))
		case strings.HasPrefix(place, "debian:"):
			in.Places = append(in.Places, pool...)
			pool = nil
		case release != "" && strings.Contains(place, release):
			in.Places = append(in.Places, strings.ReplaceAll(place, release, of.Release))
		}
	}
	in.Places = slices.Concat(in.Places, pool)
	return in, nil
}

func (c Client) path(in images.Input) string { return c.Store.Path(store.Input{SHA256: in.SHA256}) }

// escape makes a path one of an address, each sign that means something there
// included.
func escape(path string) string {
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = strings.ReplaceAll(url.PathEscape(e), "+", "%2B")
	}
	return strings.Join(elements, "/")
}

func sha1Of(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha1.New() //nolint:gosec // as above
	_, err = io.Copy(hash, f)
	return hex.EncodeToString(hash.Sum(nil)), err
}
