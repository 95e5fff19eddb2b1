package resolve

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

// A packageID is an index of universe.packages, a nameID one of
// universe.names.
type (
	packageID int
	nameID    int
)

// A universe is all that the indexes offer. It is the same whatever is wanted.
type universe struct {
	packages []*pkg // by name, and of a name the preferred first
	names    []*name
	ids      map[string]nameID
	extras   []packageID // those with an install_if
}

type pkg struct {
	record     *apk.Record
	name       nameID
	repository int // the smaller is preferred
	provides   []provide
	installIf  []need
	depends    []need // once loaded
	loaded     bool
	broken     error // why it can never be installed
}

func (p *pkg) String() string { return p.record.Name + "-" + p.record.Version }

// A provide is a name that a package answers to; its own is the first.
type provide struct {
	name    nameID
	version string // empty: virtual
}

// A need is a Dependency whose name has been looked up.
type need struct {
	Dependency

	name nameID
}

type name struct {
	text       string
	providers  []provider  // in the order of the packages
	dependents []packageID // of the loaded packages, who asks for it
	choosers   []packageID // who asks for some versions of it
	opponents  []packageID // who conflicts with it
	triggers   []nameID    // whose install_if mentions it
}

// A provider is a package seen from a name that it provides.
type provider struct {
	id      packageID
	version string
}

// newUniverse sorts the records, so that theirs is of no matter. Only
// repositories are taken in the order in which they come.
func newUniverse(records []apk.Record) *universe {
	u := &universe{ids: make(map[string]nameID, 4*len(records))}
	repositories := map[string]int{}
	for i := range records {
		r := &records[i]
		at, ok := repositories[r.Repository]
		if !ok {
			at = len(repositories)
			repositories[r.Repository] = at
		}
		u.packages = append(u.packages, &pkg{record: r, repository: at})
	}
	slices.SortStableFunc(u.packages, comparePackages)
	for i, p := range u.packages {
		u.add(packageID(i), p)
	}
	return u
}

func comparePackages(a, b *pkg) int {
	if c := strings.Compare(a.record.Name, b.record.Name); c != 0 {
		return c
	}
	if c := order(b.record.Version, a.record.Version, false); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(b.record.Priority, a.record.Priority),
		cmp.Compare(a.repository, b.repository),
		// What follows is for hostile indexes only: any order that is one.
		strings.Compare(a.record.Version, b.record.Version),
		slices.Compare(a.record.Checksum[:], b.record.Checksum[:]),
		slices.Compare(a.record.Depends, b.record.Depends),
		slices.Compare(a.record.Provides, b.record.Provides),
		slices.Compare(a.record.InstallIf, b.record.InstallIf),
	)
}

func (u *universe) add(id packageID, p *pkg) {
	p.name = u.id(p.record.Name)
	if err := checkName(p.record.Name); err != nil {
		p.broken = fmt.Errorf("its name: %w", err)
	}
	if p.record.Version == "" {
		p.broken = errors.New("it has no version")
	}
	u.provide(id, p, provide{p.name, p.record.Version})
	for _, s := range p.record.Provides {
		text, version, err := parseProvide(s)
		if err != nil {
			p.broken = fmt.Errorf("provides: %w", err)
			continue
		}
		u.provide(id, p, provide{u.id(text), version})
	}
	// As with apk, what is not understood is never installed unasked.
	if conditions, err := u.needs(p.record.InstallIf); err == nil && len(conditions) > 0 {
		p.installIf = conditions
		u.extras = append(u.extras, id)
		for _, n := range conditions {
			u.names[n.name].triggers = append(u.names[n.name].triggers, p.name)
		}
	}
}

func (u *universe) provide(id packageID, p *pkg, what provide) {
	n := u.names[what.name]
	if last := len(n.providers) - 1; last >= 0 && n.providers[last].id == id {
		return // a package may list itself
	}
	n.providers = append(n.providers, provider{id, what.version})
	p.provides = append(p.provides, what)
}

func (u *universe) id(text string) nameID {
	id, ok := u.ids[text]
	if !ok {
		id = nameID(len(u.names))
		u.ids[text] = id
		u.names = append(u.names, &name{text: text})
	}
	return id
}

// load reads the dependencies of a package, which is left until now because
// few of the packages are ever looked at.
func (u *universe) load(id packageID) {
	p := u.packages[id]
	if p.loaded {
		return
	}
	p.loaded = true
	depends, err := u.needs(p.record.Depends)
	if err != nil {
		p.broken = fmt.Errorf("depends: %w", err)
		return
	}
	p.depends = depends
	for _, d := range depends {
		n := u.names[d.name]
		list := &n.dependents
		switch {
		case d.Conflict:
			list = &n.opponents
		case d.Op != "":
			list = &n.choosers
		}
		if last := len(*list) - 1; last < 0 || (*list)[last] != id {
			*list = append(*list, id)
		}
	}
}

func (u *universe) needs(list []string) ([]need, error) {
	needs := make([]need, 0, len(list))
	for _, s := range list {
		d, err := ParseDependency(s)
		if err != nil {
			return nil, err
		}
		needs = append(needs, need{d, u.id(d.Name)})
	}
	return needs, nil
}
