package pipeline

import (
	"path/filepath"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/digest"
)

// ownInputs are the files of the checkout that name all others. Where the tree is
// modified, they say with which of them it was built.
func (b *builder) ownInputs() ([]attest.Input, error) {
	var own []attest.Input
	for _, f := range []struct{ role, name string }{
		{"definition", "images/" + b.Name + ".yaml"}, {"lock", lockFile(b.Name)},
	} {
		sum, err := digest.File(filepath.Join(b.Repository, filepath.FromSlash(f.name)))
		if err != nil {
			return nil, err
		}
		own = append(own, attest.Input{Name: f.name, SHA256: sum, About: map[string]string{"role": f.role}})
	}
	return own, nil
}

// sourceInputs are the archives of components, each followed by the patches that
// are applied, in that order.
func sourceInputs(d images.Definition, l images.Lock) []attest.Input {
	var all []attest.Input
	for _, c := range l.Components {
		about := func(role, version string) map[string]string {
			return map[string]string{"role": role, "component": c.Name, "version": version}
		}
		all = append(all, fetched(c.Source, about("source", c.Version)))
		if c.Patches == nil {
			continue
		}
		all = append(all, fetched(c.Patches.Archive, about("patches", c.Patches.Revision)))
		component, _ := d.Component(c.Name)
		for _, p := range c.Applied(component) {
			all = append(all, attest.Input{Name: p.File, SHA256: p.SHA256, About: about("patch", c.Patches.Revision)})
		}
	}
	return all
}

func fetched(in images.Input, about map[string]string) attest.Input {
	return attest.Input{Name: in.File, SHA256: in.SHA256, Places: in.Places, About: about}
}

// packageInputs are the packages of platforms, at the mirror that the definition
// names: where they were fetched from is the user's own affair.
func packageInputs(a images.Alpine, platforms []images.LockedPlatform, role string) []attest.Input {
	var all []attest.Input
	for _, p := range platforms {
		for _, l := range p.Packages {
			all = append(all, attest.Input{
				Name: l.File(), SHA256: l.SHA256, Places: []string{a.Place(a.Mirror, l.Repository, p.Arch, l.File())},
				About: map[string]string{"role": role, "component": l.Name, "version": l.Version, "platform": p.Platform},
			})
		}
	}
	return all
}
