package diff

import (
	"fmt"
	"strconv"
)

// A line of a report: what it is about, and what there was and is.
type line struct{ what, before, after string }

// A block is a heading and lines below it.
type block struct {
	heading string
	lines   []line
}

// mostLines are shown of one block, but in JSON.
const mostLines = 200

func (p Platform) verdict() string {
	switch {
	case p.Only != "":
		return ": only " + p.Only
	case p.Same:
		return ": the same"
	}
	return ""
}

// blocks are the report on one platform in the order in which people want it.
func (p Platform) blocks() []block {
	if p.Same && len(p.Fixed)+len(p.Unfixed) == 0 {
		return nil
	}
	var all []block
	add := func(heading string, lines []line) {
		if len(lines) > 0 {
			all = append(all, block{heading, lines})
		}
	}
	add("components", changes(p.Components))
	add("CVEs fixed", names(p.Fixed))
	add("CVEs no longer said to be fixed", names(p.Unfixed))
	add("size in bytes", p.sizes())
	add("configuration", changes(p.Config))
	add("files added", files(p.Added, func(l line, f string) line { l.after = f; return l }))
	add("files removed", files(p.Removed, func(l line, f string) line { l.before = f; return l }))
	add("files changed", p.changed())
	if p.Packing != "" {
		add("layers", []line{{what: p.Packing}})
	}
	add("digests", append([]line{{"manifest", p.Manifest.Before, p.Manifest.After}}, changes(p.Layers)...))
	return all
}

// shown are as many of the lines as somebody reads.
func (b block) shown() []line {
	if len(b.lines) <= mostLines {
		return b.lines
	}
	return append(b.lines[:mostLines:mostLines], line{what: fmt.Sprintf("and %d more", len(b.lines)-mostLines)})
}

func (p Platform) sizes() (lines []line) {
	for _, s := range []struct {
		what string
		Sizes
	}{{"on disk", p.Disk}, {"compressed", p.Compressed}} {
		if s.Before != s.After {
			lines = append(lines, line{s.what, thousands(s.Before), thousands(s.After) + " " + delta(s.After-s.Before)})
		}
	}
	return lines
}

func changes(all []Change) (lines []line) {
	for _, c := range all {
		lines = append(lines, line{clean(c.Name), missing(c.Before), missing(c.After)})
	}
	return lines
}

func names(all []string) (lines []line) {
	for _, n := range all {
		lines = append(lines, line{what: clean(n)})
	}
	return lines
}

func files(all []FileAbout, put func(line, string) line) (lines []line) {
	for _, f := range all {
		lines = append(lines, put(line{what: clean(f.Path)}, f.Mode+" "+thousands(f.Size)))
	}
	return lines
}

// changed has a line for each file, and below it one for each thing that differs.
func (p Platform) changed() (lines []line) {
	for _, f := range p.Changed {
		l := line{what: clean(f.Path)}
		if f.Bytes != nil || f.Other {
			l.before, l.after = thousands(f.Size.Before), thousands(f.Size.After)+" "+delta(f.Size.After-f.Size.Before)
		}
		lines = append(lines, l)
		for _, c := range f.About {
			lines = append(lines, line{"- " + c.Name, missing(c.Before), missing(c.After)})
		}
		if d := f.Bytes; d != nil {
			lines = append(lines, line{"- " + d.where(), clean(d.Before), clean(d.After)})
		}
		if f.Other {
			lines = append(lines, line{what: "- other bytes; too large to be looked at"})
		}
		for _, s := range f.Sections {
			lines = append(lines, line{"- section " + clean(s.Name), bytesOf(s.Before), bytesOf(s.After)})
		}
	}
	return lines
}

// where says at which place two files begin to differ.
func (d Bytes) where() string {
	at := fmt.Sprintf("from byte %d (%#x)", d.Offset, d.Offset)
	switch {
	case d.Line > 0:
		return fmt.Sprintf("line %d", d.Line)
	case d.Section != "":
		return at + " in " + clean(d.Section)
	}
	return at
}

func bytesOf(size int64) string {
	if size < 0 {
		return "-"
	}
	return thousands(size)
}

func missing(value string) string {
	if value == "" {
		return "-"
	}
	return clean(value)
}

func delta(n int64) string {
	if n == 0 {
		return ""
	}
	sign := "+"
	if n < 0 {
		sign = ""
	}
	return "(" + sign + thousands(n) + ")"
}

// thousands writes 5199077 as 5,199,077.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
