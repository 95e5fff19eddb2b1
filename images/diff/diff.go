// Package diff says how two images differ: what is in them, file by file and down
// to the first byte, and what they say of themselves.
package diff

import (
	"cmp"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images/content"
)

// A Side is one of two images, with the platforms that it is for.
type Side struct {
	Name   string // as a person knows it
	Digest string // of its index
	Images map[string]*content.Image
	// Fixed are the CVEs that somebody says are fixed, by platform, or for all of
	// them under "". Nil where nobody says anything.
	Fixed map[string][]string
}

// A Report is all that differs. It is empty but for Before and After where nothing
// does.
type Report struct {
	Before    About      `json:"before"`
	After     About      `json:"after"`
	Same      bool       `json:"same"` // to the byte: the digests are one
	Platforms []Platform `json:"platforms"`
}

// About names a side.
type About struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
}

// A Change is a value that differs. One that is not there is empty.
type Change struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Platform is what differs for one platform.
type Platform struct {
	Platform   string       `json:"platform"`
	Only       string       `json:"only,omitempty"` // "before" or "after", where the other has no such image
	Same       bool         `json:"same"`
	Manifest   Change       `json:"manifest"`
	Disk       Sizes        `json:"disk"`
	Compressed Sizes        `json:"compressed"`
	Components []Change     `json:"components,omitempty"`
	Fixed      []string     `json:"cves_fixed,omitempty"`   // claimed of after, and not of before
	Unfixed    []string     `json:"cves_unfixed,omitempty"` // the other way round
	Config     []Change     `json:"config,omitempty"`
	Added      []FileAbout  `json:"added,omitempty"`
	Removed    []FileAbout  `json:"removed,omitempty"`
	Changed    []FileChange `json:"changed,omitempty"`
	Layers     []Change     `json:"layers,omitempty"`
	// Packing is set where all files are the same, and layers are not.
	Packing string `json:"packing,omitempty"`
}

// Sizes are numbers of bytes.
type Sizes struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Compare compares two images. The order of what it reports is always the same.
func Compare(before, after Side) Report {
	r := Report{
		Before: About{before.Name, before.Digest}, After: About{after.Name, after.Digest},
		Same: before.Digest == after.Digest,
	}
	names := map[string]bool{}
	for _, side := range []Side{before, after} {
		for name := range side.Images {
			names[name] = true
		}
	}
	for name := range names {
		r.Platforms = append(r.Platforms, compare(name, before, after))
	}
	slices.SortFunc(r.Platforms, func(a, b Platform) int { return cmp.Compare(a.Platform, b.Platform) })
	return r
}

func compare(platform string, before, after Side) Platform {
	p := Platform{Platform: platform}
	a, b := before.Images[platform], after.Images[platform]
	switch {
	case a == nil:
		p.Only = "after"
		p.Manifest = Change{"manifest", "", b.Digest.String()}
		p.Disk.After, p.Compressed.After = b.Size(), b.Compressed()
		return p
	case b == nil:
		p.Only = "before"
		p.Manifest = Change{"manifest", a.Digest.String(), ""}
		p.Disk.Before, p.Compressed.Before = a.Size(), a.Compressed()
		return p
	}
	p.Same = a.Digest == b.Digest
	p.Manifest = Change{"manifest", a.Digest.String(), b.Digest.String()}
	p.Disk, p.Compressed = Sizes{a.Size(), b.Size()}, Sizes{a.Compressed(), b.Compressed()}
	if known, ok := fixed(platform, before, after); ok {
		p.Fixed, p.Unfixed = without(known[1], known[0]), without(known[0], known[1])
	}
	if p.Same {
		return p
	}
	p.Components = compareMaps(components(a), components(b))
	p.Config = compareMaps(configuration(a.Config), configuration(b.Config))
	p.Added, p.Removed, p.Changed = compareFiles(a, b)
	p.Layers = layers(a, b)
	if len(p.Layers) > 0 && len(p.Added)+len(p.Removed)+len(p.Changed) == 0 {
		p.Packing = "all files are the same, the archives are not: their order, their headers or how they are compressed"
	}
	return p
}

// fixed are the claims of both sides, where both have any.
func fixed(platform string, before, after Side) (known [2][]string, ok bool) {
	for i, s := range []Side{before, after} {
		if s.Fixed == nil {
			return known, false
		}
		known[i] = append(slices.Clone(s.Fixed[""]), s.Fixed[platform]...)
	}
	return known, true
}

// without are those of all that are not in others, sorted and each once.
func without(all, others []string) []string {
	left := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(others, s) })
	slices.Sort(left)
	return slices.Compact(left)
}

// compareMaps lists what differs, by name.
func compareMaps(before, after map[string]string) (changes []Change) {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	for name := range names {
		if before[name] != after[name] {
			changes = append(changes, Change{name, before[name], after[name]})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Name, b.Name) })
	return changes
}

// layers lists those that differ, by their place.
func layers(a, b *content.Image) []Change {
	list := func(i *content.Image) map[string]string {
		all := map[string]string{}
		for n, l := range i.Layers {
			all["layer "+number(n+1)] = l.Digest.String()
			all["diffID "+number(n+1)] = l.DiffID.String()
		}
		return all
	}
	return compareMaps(list(a), list(b))
}
