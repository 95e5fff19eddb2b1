package size

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/treemap"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"thousands": Thousands, "signed": signed, "percent": percent,
}).Parse(pageText))

// The drawing, in pixels.
const (
	drawnWidth  = 1200
	drawnHeight = 820
)

// colours is how many components have one of their own.
const colours = 8

// section of the page.
type pagePart struct {
	Platform

	Drawing    template.HTML
	Legend     []legend
	Components table
	Tables     []pageTable
	Difference *Difference
	Changes    []pageChanges
}

type legend struct {
	Class, Name string
	Bytes       int64
}

type pageTable struct {
	Heading string
	Left    int
	Lines   [][]string
}

type pageChanges struct {
	Heading string
	Changes []pageChange
	Others  int
}

type pageChange struct {
	Change

	Bar float64 // per cent of the largest
}

// Page is a report as one HTML file that needs no other: a treemap of each platform's
// image, and the tables of Text, longer.
func (r Report) Page(differences map[string]Difference) (string, error) {
	var parts []pagePart
	for _, p := range r.Platforms {
		part := pagePart{Platform: p, Components: p.components()}
		classes := p.classes()
		for _, a := range p.Sum(func(_ File, part Part) string { return part.Component }) {
			part.Legend = append(part.Legend, legend{classes[a.Name], a.Name, a.Bytes})
		}
		part.Drawing = template.HTML(treemap.SVG(p.tree(r.Image, classes), drawnWidth, drawnHeight)) //nolint:gosec // escaped where it is written
		const most = 60
		for _, t := range []table{
			p.list("largest symbols", p.Disk, most, symbolName),
			p.list("largest source files", p.Disk, most, func(_ File, part Part) string {
				if part.Source == "" {
					return Rest
				}
				return part.Component + "\t" + part.Source
			}),
			p.list("sections", p.Disk, most, func(f File, part Part) string {
				if part.Section == "" {
					return Rest
				}
				return f.Path + "\t" + part.Section
			}),
			p.list("files", p.Disk, most, func(f File, _ Part) string { return f.Path }),
		} {
			if len(t.lines) > 0 {
				part.Tables = append(part.Tables, pageTable{t.lines[0][0], t.left, t.lines[1:]})
			}
		}
		if d, ok := differences[p.Platform]; ok {
			part.Difference = &d
			for _, l := range d.lists() {
				part.Changes = append(part.Changes, pageList(l, most))
			}
		}
		parts = append(parts, part)
	}
	var out strings.Builder
	if err := page.Execute(&out, struct {
		Image string
		Parts []pagePart
		Kinds []string
	}{r.Image, parts, kindNames}); err != nil {
		return "", fmt.Errorf("writing the page of sizes: %w", err)
	}
	return out.String(), nil
}

func pageList(l listed, most int) pageChanges {
	c := pageChanges{Heading: l.heading, Others: max(0, len(l.changes)-most)}
	for _, change := range l.changes[:min(most, len(l.changes))] {
		c.Changes = append(c.Changes, pageChange{change, 100 * float64(abs(change.Delta())) / float64(abs(l.changes[0].Delta()))})
	}
	return c
}

// Lines of the table, for the template.
func (t table) Lines() [][]string { return t.lines }

// classes are the style classes of components, the largest first.
func (p Platform) classes() map[string]string {
	all := map[string]string{}
	n := 0
	for _, a := range p.Sum(func(_ File, part Part) string { return part.Component }) {
		all[a.Name] = fmt.Sprintf("c%d", min(n, colours))
		if a.Name == Linker {
			all[a.Name] = fmt.Sprintf("c%d", colours)
			continue
		}
		n++
	}
	return all
}
