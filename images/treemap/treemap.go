// Package treemap draws a tree of amounts as nested rectangles, whose areas are to
// each other as the amounts, in SVG. What it draws depends on nothing but the tree.
package treemap

import (
	"cmp"
	"fmt"
	"slices"
)

// A Node is a rectangle, or a group of them.
type Node struct {
	Name  string // shown where there is room
	Title string // shown when somebody points at it
	Class string // of the rectangle, for a style sheet: CSS class names with spaces in between
	// Amount is what the area is for: of a node with children it is their sum, and
	// this is not looked at. Negative ones count as 0.
	Amount   int64
	Children []Node
}

// Total is the amount of a node with all that is in it.
func (n Node) Total() (sum int64) {
	if len(n.Children) == 0 {
		return max(0, n.Amount)
	}
	for _, c := range n.Children {
		sum += c.Total()
	}
	return sum
}

// rect is in pixels of the drawing.
type rect struct{ x, y, w, h float64 }

func (r rect) area() float64 { return r.w * r.h }

// inset is the rectangle without a border, and without a bar for a heading above.
func (r rect) inset(border, heading float64) rect {
	top := max(border, heading)
	return rect{r.x + border, r.y + top, max(0, r.w-2*border), max(0, r.h-top-border)}
}

// placed is a node with its place.
type placed struct {
	Node

	rect

	depth   int
	heading float64 // height of the bar for the name; 0 for none
}

// smallest is the area in square pixels below which nodes are drawn as one.
const smallest = 14

// place lays a node and all below it out, parents first.
func place(n Node, r rect, depth int) []placed {
	p := placed{Node: n, rect: r, depth: depth}
	if len(n.Children) == 0 {
		return []placed{p}
	}
	border := 1.0
	switch {
	case depth < 3 && r.w > 40 && r.h > 36:
		p.heading, border = 17, 2
	case r.w > 46 && r.h > 30:
		p.heading = 12
	case min(r.w, r.h) < 8:
		border = 0.25
	}
	inner := r.inset(border, p.heading)
	children := ordered(n, inner)
	all := []placed{p}
	for i, c := range squarify(amounts(children), inner) {
		all = append(all, place(children[i], c, depth+1)...)
	}
	return all
}

// ordered are the children of a node, largest first, of which those that are too
// small to be seen are one.
func ordered(n Node, r rect) []Node {
	all := slices.Clone(n.Children)
	slices.SortStableFunc(all, func(a, b Node) int { return cmp.Compare(b.Total(), a.Total()) })
	total := float64(n.Total())
	cut := slices.IndexFunc(all, func(c Node) bool { return float64(c.Total())*r.area() < smallest*total })
	if cut < 0 || len(all)-cut < 2 {
		return all
	}
	tail := Node{Class: "more " + all[cut].Class}
	for _, c := range all[cut:] {
		tail.Amount += c.Total()
	}
	tail.Name = fmt.Sprintf("+%d", len(all)-cut)
	tail.Title = fmt.Sprintf("%s: %d smaller ones", n.Title, len(all)-cut)
	return append(all[:cut:cut], tail)
}

func amounts(nodes []Node) []float64 {
	var all []float64
	for _, n := range nodes {
		all = append(all, float64(n.Total()))
	}
	return all
}

// squarify divides a rectangle among amounts, the largest first, so that the parts are
// as near to squares as can be had by filling one row after the other (Bruls, Huizing
// and van Wijk, 2000). Amounts of 0 have no area.
func squarify(amounts []float64, r rect) []rect {
	var total float64
	for _, a := range amounts {
		total += a
	}
	all := make([]rect, 0, len(amounts))
	for len(amounts) > 0 {
		if total <= 0 || r.area() <= 0 {
			all = append(all, rect{r.x, r.y, 0, 0})
			amounts = amounts[1:]
			continue
		}
		scale, short := r.area()/total, min(r.w, r.h)
		n, sum := 1, amounts[0]
		for n < len(amounts) && worst(amounts[:n+1], sum+amounts[n], scale, short) <= worst(amounts[:n], sum, scale, short) {
			sum += amounts[n]
			n++
		}
		var row []rect
		row, r = fill(amounts[:n], sum, scale, r)
		all = append(all, row...)
		amounts, total = amounts[n:], total-sum
	}
	return all
}

// worst is how far from a square the worst part of a row along a side would be: 1 is a
// square.
func worst(row []float64, sum, scale, side float64) float64 {
	thick := sum * scale / side
	long, short := row[0]*scale/thick, row[len(row)-1]*scale/thick
	if short <= 0 {
		return 1e300
	}
	return max(long/thick, thick/short)
}

// fill lays a row along the shorter side, and returns what is left of the rectangle.
func fill(row []float64, sum, scale float64, r rect) (all []rect, left rect) {
	thick := sum * scale / min(r.w, r.h)
	at := 0.0
	for _, amount := range row {
		long := amount * scale / thick
		if r.w >= r.h {
			all = append(all, rect{r.x, r.y + at, thick, long})
		} else {
			all = append(all, rect{r.x + at, r.y, long, thick})
		}
		at += long
	}
	if r.w >= r.h {
		return all, rect{r.x + thick, r.y, max(0, r.w-thick), r.h}
	}
	return all, rect{r.x, r.y + thick, r.w, max(0, r.h-thick)}
}
