package treemap

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SVG draws a tree, so many pixels wide and high. Rectangles have the classes of their
// nodes; those of groups have "group" too, and texts "heading" or "label". Colours are
// the style sheet's.
func SVG(root Node, width, height int) string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg class="treemap" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n",
		width, height, html.EscapeString(root.Title))
	for _, p := range place(root, rect{0, 0, float64(width), float64(height)}, 0) {
		if p.w > 0 && p.h > 0 {
			p.draw(&out)
		}
	}
	out.WriteString("</svg>\n")
	return out.String()
}

func (p placed) draw(out *strings.Builder) {
	class := p.Class
	if len(p.Children) > 0 {
		class = strings.TrimSpace("group d" + strconv.Itoa(p.depth) + " " + class)
	}
	fmt.Fprintf(out, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>`,
		html.EscapeString(class), px(p.x), px(p.y), px(p.w), px(p.h), html.EscapeString(p.Title))
	switch {
	case p.heading > 0:
		size := p.heading - 4
		if text := fit(p.Name, p.w-8, size); text != "" {
			fmt.Fprintf(out, `<text class="heading d%d" x="%s" y="%s" font-size="%s">%s</text>`,
				p.depth, px(p.x+4), px(p.y+p.heading-4), px(size), html.EscapeString(text))
		}
	case len(p.Children) == 0:
		p.label(out)
	}
	out.WriteByte('\n')
}

// The sizes of labels in pixels: the largest that fits is taken.
const (
	largestLabel  = 13.0
	smallestLabel = 6.5
)

// label writes the name into a rectangle, across or, where that is too narrow, down.
func (p placed) label(out *strings.Builder) {
	long, thick, turned := p.w, p.h, p.h > 1.6*p.w && p.w < 60
	if turned {
		long, thick = p.h, p.w
	}
	size := min(largestLabel, thick*0.7)
	if n := float64(utf8.RuneCountInString(p.Name)); n > 0 {
		size = min(size, max(smallestLabel, (long-4)/(n*advance)))
	}
	if size < smallestLabel {
		return
	}
	text := fit(p.Name, long-4, size)
	if text == "" {
		return
	}
	x, y, turn := p.x+3, p.y+size+1, ""
	if turned {
		x, y = p.x+p.w/2+size*0.35, p.y+p.h-3
		turn = fmt.Sprintf(` transform="rotate(-90 %s %s)"`, px(x), px(y))
	} else if p.h < size+6 {
		y = p.y + p.h/2 + size*0.35
	}
	fmt.Fprintf(out, `<text class="label" x="%s" y="%s" font-size="%s"%s>%s</text>`, px(x), px(y), px(size), turn, html.EscapeString(text))
}

// advance is how wide a letter is at most, on average, in parts of its size.
const advance = 0.6

// fit shortens a text to a width, and to nothing where too little would be left to
// recognize it.
func fit(text string, width, size float64) string {
	most := int(width / (size * advance))
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	const least = 4
	if most < least {
		return ""
	}
	return string([]rune(text)[:most-1]) + "…"
}

// px writes a length with no more digits than can be seen.
func px(f float64) string { return strconv.FormatFloat(float64(int64(f*100+0.5))/100, 'f', -1, 64) }
