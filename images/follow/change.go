package follow

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// Change is what is different in a component's entry.
type Change struct {
	Component, From, To string   // revisions, or releases where there is no series
	Added, Removed      []string // patches; one that has changed is in both
	different           bool
}

// cve is how the name of a patch says what it fixes.
var cve = regexp.MustCompile(`CVE-[0-9]{4}-[0-9]{4,}`)

func (c Change) any() bool { return c.different }

// compare says what is different in the entry of a component, of which to is the
// version that was looked at.
func compare(before, now images.LockedComponent, to string) Change {
	c := Change{Component: now.Name, From: before.Revision(), To: to, different: !reflect.DeepEqual(before, now)}
	was, is := patches(before), patches(now)
	for _, p := range is {
		if !slices.Contains(was, p) {
			c.Added = append(c.Added, p.File)
		}
	}
	for _, p := range was {
		if !slices.Contains(is, p) {
			c.Removed = append(c.Removed, p.File)
		}
	}
	return c
}

func patches(c images.LockedComponent) []images.Patch {
	if c.Patches == nil {
		return nil
	}
	return c.Patches.Patches
}

// Fixes are the CVEs that the names of new patches speak of, sorted.
func (c Change) Fixes() []string {
	var found []string
	for _, name := range c.Added {
		found = append(found, cve.FindAllString(name, -1)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Lines are the change for people, the patches by name: those are for a person
// to look at.
func (c Change) Lines() []string {
	head := fmt.Sprintf("%s %s -> %s", c.Component, c.From, c.To)
	if c.From == c.To {
		head = fmt.Sprintf("%s %s: its entry has changed", c.Component, c.To)
	}
	if fixes := c.Fixes(); len(fixes) > 0 {
		head += ": " + strings.Join(fixes, ", ")
	}
	lines := []string{head}
	for _, name := range c.Added {
		lines = append(lines, "  + "+name)
	}
	for _, name := range c.Removed {
		lines = append(lines, "  - "+name)
	}
	return lines
}
