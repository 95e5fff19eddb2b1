// Package bundle keeps the inputs of a build as an OCI artifact on disk, so that
// the build can be done again when nobody else has them any more.
//
// The artifact is an image layout with one index: a manifest for each platform,
// and in it a layer for each file, which is the file itself, byte for byte,
// under its name in the annotation org.opencontainers.image.title. A file that
// several platforms use is there once. Tools that copy artifacts can carry it, to
// a registry and back:
//
//	oras cp --from-oci-layout dist/alpine/inputs.oci:TAG REGISTRY/NAME:TAG
//	oras cp --to-oci-layout REGISTRY/NAME:TAG inputs.oci:TAG
//
//	crane push dist/alpine/inputs.oci REGISTRY/NAME:TAG
//	crane pull --format=oci REGISTRY/NAME:TAG inputs.oci
//
// In a registry, beside the image, the manifests stand alone and refer to it.
package bundle

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// An Item is one file that a build needs.
type Item struct {
	Name     string // file name, such as "musl-1.2.5-r10.apk"; one of a kind on its platform
	SHA256   string // 64 lower-case hexadecimal digits
	Size     int64  // bytes
	Path     string // where the file is now
	Platform string // "linux/amd64", "linux/arm/v7"; empty for what belongs to none
}

// Write puts items at dir as an artifact with a repository name and a tag, as
// release.Release has them. The same items give the same bytes whatever their
// order, and an intact bundle of them is left as it is, without a look at the
// files. Otherwise each file is held to its size and sha256 while it is copied,
// and what was at dir is replaced as a whole or not at all.
func Write(dir, name, tag string, items []Item) error {
	index, err := newIndex(items)
	if err != nil {
		return fmt.Errorf("writing the bundle %s: %w", dir, err)
	}
	r := release.Release{Name: name, Tag: tag, Index: index}
	if err := r.Write(dir); err != nil {
		return fmt.Errorf("writing the bundle %s: %w", dir, err)
	}
	return nil
}

// byPlatform checks and sorts items, drops what is there twice, and splits them.
func byPlatform(items []Item) ([][]Item, error) {
	if len(items) == 0 {
		return nil, errors.New("there are no items")
	}
	items = slices.SortedFunc(slices.Values(items), compare)
	var platforms [][]Item
	same := map[string]Item{} // by sha256
	for i, it := range items {
		if err := it.check(); err != nil {
			return nil, fmt.Errorf("item %q: %w", it.Name, err)
		}
		if other, ok := same[it.SHA256]; ok && other.Size != it.Size {
			return nil, fmt.Errorf("item %q has %d bytes, but %q with the same sha256 has %d", it.Name, it.Size, other.Name, other.Size)
		}
		same[it.SHA256] = it
		if i == 0 || items[i-1].Platform != it.Platform {
			platforms = append(platforms, []Item{it})
			continue
		}
		if last := items[i-1]; last.Name == it.Name {
			if last.SHA256 != it.SHA256 {
				return nil, fmt.Errorf("item %q of platform %q is two files, with sha256 %s and %s",
					it.Name, it.Platform, last.SHA256, it.SHA256)
			}
			continue
		}
		platforms[len(platforms)-1] = append(platforms[len(platforms)-1], it)
	}
	return platforms, nil
}

func compare(a, b Item) int {
	return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.Size, b.Size), cmp.Compare(a.Path, b.Path))
}

// check refuses what cannot be in a bundle.
func (it Item) check() error {
	if err := checkName(it.Name); err != nil {
		return err
	}
	sum, err := hex.DecodeString(it.SHA256)
	if err != nil || len(sum) != 32 || strings.ToLower(it.SHA256) != it.SHA256 {
		return fmt.Errorf("sha256 %q is not 64 lower-case hexadecimal digits", it.SHA256)
	}
	if it.Size <= 0 {
		return fmt.Errorf("size %d is not positive", it.Size)
	}
	_, err = platform(it.Platform)
	return err
}

// checkName wants a file name, for that is what tools write the item to.
func checkName(name string) error {
	odd := func(r rune) bool { return !strconv.IsPrint(r) || r == '\\' }
	if !fs.ValidPath(name) || name == "." || len(name) > 255 || strings.Contains(name, "/") || strings.ContainsFunc(name, odd) {
		return fmt.Errorf("%q is not the name of a file", name)
	}
	return nil
}

// platform parses a platform; nil for the empty one.
func platform(name string) (*v1.Platform, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // a descriptor without a platform has nil there
	}
	p, err := v1.ParsePlatform(name)
	if err != nil || p.OS == "" || p.Architecture == "" || p.String() != name {
		return nil, fmt.Errorf("platform %q is not like linux/amd64", name)
	}
	return p, nil
}
