// Package sbom says what is in an image, as SPDX 2.3 and CycloneDX 1.6. Files
// and their checksums are those of the image's tree, and everything else is in
// the Image that it is given: the same Image gives the same bytes, for every
// name in a document is derived from what the document says.
package sbom

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // SPDX wants it of every file, beside SHA-256
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// Image is what the documents are about.
type Image struct {
	Name     string // the last part of its repository: "nginx-scratch"
	Tag      string // "static"
	Platform string // "linux/arm64"
	Version  string // of what it is for, nginx
	License  string // SPDX expression
	Source   string // https address of the project that makes it
	// Repository is where it is published, such as ghcr.io/someone/nginx-scratch.
	// Empty, the image is named without saying where it is.
	Repository string
	Created    time.Time // the only time in the documents
	Tree       *tree.Tree
	// Excluded are paths that the tree has, or will have, and the documents do
	// not: those of the documents themselves.
	Excluded []string
	// Components are whatever the files are from, and what those are linked with.
	// Every file must be from one of them.
	Components []Component
}

// Component is one piece of software in the image.
type Component struct {
	Name string
	// Origin is what the tree calls it. Empty is the same as Name.
	Origin   string
	Version  string
	Program  bool   // it is run, not only linked
	License  string // SPDX expression; what is none is passed on as text
	Summary  string
	Homepage string
	PURL     string
	CPEs     []string // in the form 2.3
	Download string   // address of the source archive or package; empty where there is none
	SHA256   string   // of that file
	Supplier string   // organization; empty where it is not known
	// Revision is the packaging that Patches are from, such as 1.26.3-3+deb13u9.
	Revision string
	Patches  []Patch
	// StaticLinks and DynamicLinks name the components that are linked into this
	// one, at build time or at run time.
	StaticLinks, DynamicLinks []string
}

// Patch is a change to the source of a component.
type Patch struct {
	File   string
	SHA256 string
	Fixes  []string // CVE-2026-1642
}

// file is what is said of a regular file.
type file struct {
	path         string
	component    *Component
	sha1, sha256 string // in hexadecimal
}

// check refuses what would make a document that does not say all, or that says
// something of nothing.
func (i Image) check() error {
	if i.Name == "" || i.Version == "" || i.Source == "" || i.Tree == nil || i.Created.IsZero() {
		return errors.New("the image has no name, version, source, tree or time")
	}
	known := map[string]bool{}
	for _, c := range i.Components {
		if c.Name == "" || c.Version == "" || c.PURL == "" {
			return fmt.Errorf("component %q has no name, version or package URL", c.Name)
		}
		if known[c.Name] {
			return fmt.Errorf("component %s is there twice", c.Name)
		}
		known[c.Name] = true
	}
	for _, c := range i.Components {
		for _, to := range append(c.StaticLinks, c.DynamicLinks...) {
			if !known[to] {
				return fmt.Errorf("component %s is linked with %s, which is not there", c.Name, to)
			}
		}
	}
	return nil
}

// files lists the regular files, by path. Links and folders have no bytes of
// their own: they are in no list.
func (i Image) files() ([]file, error) {
	excluded := map[string]bool{}
	for _, name := range i.Excluded {
		excluded[name] = true
	}
	byOrigin := map[string]*Component{}
	for n, c := range i.Components {
		if c.Origin == "" {
			c.Origin = c.Name
		}
		byOrigin[c.Origin] = &i.Components[n]
	}
	var all []file
	for f := range i.Tree.All() {
		if !f.Mode.IsRegular() || excluded[f.Path] {
			continue
		}
		c, ok := byOrigin[f.Origin.Component]
		if !ok {
			return nil, fmt.Errorf("%s is from %q, which is none of the components", f.Path, f.Origin.Component)
		}
		all = append(all, file{
			path: f.Path, component: c,
			sha1:   fmt.Sprintf("%x", sha1.Sum(f.Data)), //nolint:gosec // as imported
			sha256: fmt.Sprintf("%x", sha256.Sum256(f.Data)),
		})
	}
	return all, nil
}

// document calls write twice: for a document whose names are empty, and for one
// whose names are made of the hash of that.
func document(write func(hash string) ([]byte, error)) ([]byte, error) {
	anonymous, err := write("")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(anonymous)
	named, err := write(hex.EncodeToString(sum[:]))
	return append(bytes.TrimSpace(named), '\n'), err
}
