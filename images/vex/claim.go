// Package vex says which known vulnerabilities an image does not have, as
// OpenVEX. It claims what it has evidence of: a patch that is applied, or code
// that is not in the program. A claim whose evidence does not hold is an error.
package vex

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// Claim is what is said of one vulnerability.
type Claim struct {
	CVE       string
	Component string
	Title     string // empty where only a patch names the CVE
	// Absent says how it is known that the vulnerable code is not there; Fixed,
	// which patches are applied. One of them is not empty, and where both are,
	// Absent counts: what is not there needs no fix.
	Absent, Fixed string
	Source        string // who says what is vulnerable
}

// named is how a patch says by its name which vulnerability it fixes.
var named = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}`)

// Fixes returns the vulnerability that a patch is named after, or "".
func Fixes(file string) string { return named.FindString(file) }

// Claims returns all that can be claimed, by component and CVE: patches named
// after a CVE, which need no advisory, and the advisories. Those are what
// images.LoadAdvisories has accepted for the definition and the lock.
func Claims(d images.Definition, l images.Lock, advisories []images.Advisory, e Evidence) ([]Claim, error) {
	claims := map[string]Claim{}
	for _, c := range d.Components {
		locked, _ := l.Component(c.Name)
		for _, p := range locked.Applied(c) {
			if cve := Fixes(p.File); cve != "" {
				claim := cmp.Or(claims[cve], Claim{CVE: cve, Component: c.Name, Source: patchOf(p, locked)})
				claims[cve] = claim.with(p, locked)
			}
		}
	}
	var errs []error
	for _, a := range advisories {
		claim, err := advised(claims[a.CVE], a, d, l, e)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s of %s: %w", a.CVE, a.Component, err))
		}
		claims[a.CVE] = claim
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("claims whose evidence does not hold: %w", err)
	}
	return slices.SortedFunc(maps.Values(claims), func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.CVE, b.CVE))
	}), nil
}

// advised adds what an advisory says to what the patches' names say.
func advised(claim Claim, a images.Advisory, d images.Definition, l images.Lock, e Evidence) (Claim, error) {
	if claim.Component != "" && claim.Component != a.Component {
		return claim, fmt.Errorf("a patch for %s is named after it", claim.Component)
	}
	claim.CVE, claim.Component, claim.Title = a.CVE, a.Component, a.Title
	claim.Source = cmp.Or(a.Source, claim.Source)
	c, _ := d.Component(a.Component)
	locked, _ := l.Component(a.Component)
	if a.Patch != "" {
		p, err := e.patch(a, locked)
		if err != nil {
			return claim, err
		}
		claim.Source = cmp.Or(a.Source, patchOf(p, locked))
		if Fixes(p.File) != a.CVE && slices.Contains(locked.Applied(c), p) {
			claim = claim.with(p, locked)
		}
	}
	if a.Absent == nil {
		return claim, nil
	}
	var err error
	claim.Absent, err = e.absent(*a.Absent)
	return claim, err
}

// with adds a patch that is applied.
func (c Claim) with(p images.Patch, locked images.LockedComponent) Claim {
	if c.Fixed == "" {
		c.Fixed = "applied: "
	} else {
		c.Fixed += "; "
	}
	c.Fixed += patchOf(p, locked)
	return c
}

func patchOf(p images.Patch, locked images.LockedComponent) string {
	return fmt.Sprintf("%s of %s %s, sha256 %s", p.File, locked.Name, locked.Revision(), p.SHA256)
}
