package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// A drawing is an SVG under way. Colours are classes, so that the page's style has them.
type drawing struct {
	b             strings.Builder
	width, height float64
	title         string
}

func (d *drawing) rect(x, y, w, h float64, class, title string) {
	fmt.Fprintf(&d.b, `<rect x="%s" y="%s" width="%s" height="%s" rx="2" class="%s"><title>%s</title></rect>`,
		n(x), n(y), n(max(w, 0.5)), n(h), class, html.EscapeString(title))
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&d.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" class="%s"/>`, n(x1), n(y1), n(x2), n(y2), class)
}

func (d *drawing) dot(x, y, r float64, class, title string) {
	fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="%s" class="%s"><title>%s</title></circle>`, n(x), n(y), n(r), class, html.EscapeString(title))
}

// text is at its left end, its middle or its right end: start, middle or end.
func (d *drawing) text(x, y float64, anchor, class, s string) {
	fmt.Fprintf(&d.b, `<text x="%s" y="%s" text-anchor="%s" class="%s">%s</text>`, n(x), n(y), anchor, class, html.EscapeString(s))
}

// svg is the whole, as wide as there is room.
func (d *drawing) svg() template.HTML {
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %s %s" role="img" aria-label="%s" xmlns="http://www.w3.org/2000/svg">%s</svg>`, //nolint:gosec // all text in it is escaped
		n(d.width), n(d.height), html.EscapeString(d.title), d.b.String()))
}

// n is a coordinate.
func n(x float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", x), "0"), ".")
}

// A scale turns numbers into places on an axis.
type scale struct {
	from, to, left, right float64
	log                   bool
}

func (s scale) at(v float64) float64 {
	v, from, to := min(max(v, s.from), s.to), s.from, s.to
	if s.log {
		v, from, to = math.Log(v), math.Log(from), math.Log(to)
	}
	if to == from {
		return s.left
	}
	return s.left + (v-from)/(to-from)*(s.right-s.left)
}
