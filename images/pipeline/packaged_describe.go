package pipeline

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/closure"
	"github.com/nginx-scratch/nginx-scratch/images/sbom"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
	"github.com/nginx-scratch/nginx-scratch/images/vex"
)

// describe lists the packages that something in the tree is of. For scanners,
// Alpine's own files are there already.
func (o *packaged) describe(ctx context.Context, platform string, t *tree.Tree) ([]sbom.Component, error) {
	packages, err := o.packages(ctx, platform)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for f := range t.All() {
		there[f.Origin.Component] = true
	}
	links, err := linksBetween(t, o.definition.Image.Binary)
	if err != nil {
		return nil, err
	}
	d := o.definition.Alpine
	l, _ := o.lock.Alpine.Platform(platform)
	program, _ := t.Lookup(o.definition.Image.Binary)
	var all []sbom.Component
	for _, p := range packages {
		r := p.Record
		if !there[r.Name] && profile(o.definition) != check.Debug {
			continue
		}
		locked, _ := l.Package(r.Name)
		version, _, _ := strings.Cut(r.Version, "-r")
		all = append(all, sbom.Component{
			Name: r.Name, Version: r.Version, License: r.License, Summary: r.Summary, Homepage: r.URL, Supplier: "Alpine Linux",
			PURL: sbom.AlpinePURL(r.Name, r.Version, r.Arch, d.Branch, r.Origin), CPEs: sbom.CPEs(cmp.Or(r.Origin, r.Name), version),
			Download: d.Place(d.Mirror, locked.Repository, l.Arch, locked.File()), SHA256: locked.SHA256,
			Program: r.Name == program.Origin.Component, DynamicLinks: links[r.Name],
		})
	}
	return all, nil
}

// linksBetween says which packages the files of each package are linked with, as
// far as the program needs them.
func linksBetween(t *tree.Tree, program string) (map[string][]string, error) {
	graph, err := closure.Find(t, []string{program})
	if err != nil {
		return nil, err
	}
	origin := map[string]string{}
	for _, n := range graph.Nodes {
		origin[n.Path] = n.Package
	}
	links := map[string][]string{}
	for _, e := range graph.Edges {
		from, to := origin[e.From], origin[e.To]
		if from != to && from != project && to != project && !slices.Contains(links[from], to) {
			links[from] = append(links[from], to)
		}
	}
	for _, names := range links {
		slices.Sort(names)
	}
	return links, nil
}

// claims is empty: it is Alpine that knows what its packages have fixed, and
// scanners ask it.
func (o *packaged) claims(context.Context, string, *tree.Tree) ([]vex.Claim, error) { return nil, nil }
