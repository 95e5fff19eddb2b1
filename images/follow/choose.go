package follow

import (
	"fmt"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
)

// candidate is one version of a component, and where its files are.
type candidate struct {
	debian.Source

	Release     string   // of upstream
	Directories []string // one for each suite that has it
}

// newer lists, the newest first, the versions on offer that are of the branch
// that the definition is on, and not older than what is locked.
func newer(want images.Component, before images.LockedComponent, all []offer) ([]candidate, error) {
	var found []candidate
	for _, o := range all {
		release, ok := debian.Upstream(o.Version)
		if o.Package != want.Name || !ok || !debian.SameBranch(release, want.Version) {
			continue
		}
		older, err := olderThan(o.Version, release, before)
		if err != nil {
			return nil, err
		}
		if older {
			continue
		}
		i := slices.IndexFunc(found, func(c candidate) bool { return c.Version == o.Version })
		if i < 0 {
			found = append(found, candidate{Source: o.Source, Release: release, Directories: []string{o.Directory}})
			continue
		}
		if err := sameFiles(found[i].Files, o.Files); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Version, err)
		}
		if !slices.Contains(found[i].Directories, o.Directory) {
			found[i].Directories = append(found[i].Directories, o.Directory)
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		order, _ := debian.Compare(b.Version, a.Version) // both have been parsed above
		return order
	})
	return found, nil
}

// olderThan says whether a version is older than what is locked. Without a
// series, the lock knows only the release.
func olderThan(version, release string, before images.LockedComponent) (bool, error) {
	order, err := debian.Compare(version, before.Revision())
	if before.Patches == nil {
		order, err = debian.Compare(release, before.Version)
	}
	return order < 0, err
}

// sameFiles refuses suites that mean different files by the same version.
func sameFiles(a, b map[string]debian.File) error {
	for name, file := range b {
		if other, ok := a[name]; ok && other != file {
			return fmt.Errorf("the suites have different files by the name of %s", name)
		}
	}
	return nil
}
