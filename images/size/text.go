package size

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// How many lines the lists of a text have.
const (
	listedSymbols = 20
	listedSources = 10
	listedChanges = 10
)

// Text is a report for people: tables of components by what their bytes are for, of
// files, and of the largest symbols and source files; and what has changed, by
// platform, where differences are given.
func (r Report) Text(differences map[string]Difference) string {
	var out strings.Builder
	for i, p := range r.Platforms {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(p.text())
		if d, ok := differences[p.Platform]; ok {
			out.WriteString(d.text())
		}
	}
	return trimmed(out.String())
}

func (p Platform) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s bytes on disk, %s compressed\n\n", p.Platform, Thousands(p.Disk), Thousands(p.Compressed))
	write(&out, p.components())
	write(&out, p.list("file", p.Disk, listedSources, func(f File, _ Part) string { return f.Path }))
	write(&out, p.list("largest symbols", p.Disk, listedSymbols, symbolName))
	write(&out, p.list("largest source files", p.Disk, listedSources, func(_ File, part Part) string {
		if part.Source == "" {
			return Rest
		}
		return part.Component + "\t" + part.Source
	}))
	return out.String()
}

// symbolName is a line of the lists of symbols: component, symbol, section.
func symbolName(_ File, p Part) string {
	if p.Symbol == "" || strings.HasPrefix(p.Symbol, "(") {
		return Rest
	}
	return p.Component + "\t" + p.Symbol + "\t" + p.Section
}

// table has a heading and lines of cells. The first left columns are texts, the others
// numbers.
type table struct {
	left  int
	lines [][]string
}

// components are how many bytes of each kind each has.
func (p Platform) components() table {
	kinds := []Kind{Code, Constant, Relocated, Data, Other}
	t := table{left: 1, lines: [][]string{append([]string{"component"}, append(slices.Clone(kindNames), "bytes", "")...)}}
	sums := map[string]map[Kind]int64{}
	for _, f := range p.Files {
		for _, part := range f.Parts {
			if sums[part.Component] == nil {
				sums[part.Component] = map[Kind]int64{}
			}
			sums[part.Component][KindOf(part.Section)] += part.Bytes
		}
	}
	all := map[Kind]int64{}
	line := func(name string, by map[Kind]int64, sum int64) {
		cells := []string{name}
		for _, k := range kinds {
			cells = append(cells, Thousands(by[k]))
			all[k] += by[k]
		}
		t.lines = append(t.lines, append(cells, Thousands(sum), percent(sum, p.Disk)))
	}
	for _, a := range p.Sum(func(_ File, part Part) string { return part.Component }) {
		line(a.Name, sums[a.Name], a.Bytes)
	}
	line("on disk", all, p.Disk)
	return t
}

// list has the largest by a key, whose cells have tabs in between, and one line for all
// that is not listed.
func (p Platform) list(heading string, whole int64, most int, key func(File, Part) string) table {
	all := slices.DeleteFunc(p.Sum(key), func(a Amount) bool { return a.Name == Rest })
	t := table{lines: [][]string{{heading}}}
	var others, n int64
	for i, a := range all {
		if i >= most {
			others, n = others+a.Bytes, n+1
			continue
		}
		cells := strings.Split(a.Name, "\t")
		t.left = len(cells)
		t.lines = append(t.lines, append(cells, Thousands(a.Bytes), percent(a.Bytes, whole)))
	}
	if t.left == 0 {
		return table{}
	}
	t.lines[0] = append(t.lines[0], make([]string, t.left-1)...)
	t.lines[0] = append(t.lines[0], "bytes", "")
	if n > 0 {
		last := append([]string{Thousands(n) + " others"}, make([]string, t.left-1)...)
		t.lines = append(t.lines, append(last, Thousands(others), percent(others, whole)))
	}
	return t
}

func (d Difference) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "against %s, compared by %s\n\n", clean(d.Name), d.Detail)
	sums := []Change{d.Disk}
	if d.Compressed.Before > 0 && d.Compressed.After > 0 {
		sums = append(sums, d.Compressed)
	}
	write(&out, changed("sums", sums, len(sums)))
	for _, l := range d.lists() {
		write(&out, changed(l.heading, l.changes, listedChanges))
	}
	return out.String()
}

// list of changes with its heading.
type listed struct {
	heading string
	changes []Change
}

func (d Difference) lists() []listed {
	return []listed{{"components", d.Components}, {"files", d.Files}, {"sections", d.Sections}, {"symbols", d.Symbols}}
}

func changed(heading string, all []Change, most int) table {
	if len(all) == 0 {
		return table{}
	}
	t := table{left: 1, lines: [][]string{{heading, "before", "after", "change"}}}
	for i, c := range all {
		if i == most {
			t.lines = append(t.lines, []string{Thousands(int64(len(all)-most)) + " others", "", "", ""})
			break
		}
		t.lines = append(t.lines, []string{c.Name, Thousands(c.Before), Thousands(c.After), signed(c.Delta())})
	}
	return t
}

// write aligns a table, numbers to the right.
func write(out *strings.Builder, t table) {
	if len(t.lines) == 0 {
		return
	}
	widths := map[int]int{}
	for _, line := range t.lines {
		for i, cell := range line {
			widths[i] = max(widths[i], len(cell))
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range t.lines {
		for i, cell := range line {
			if i >= t.left {
				cell = strings.Repeat(" ", widths[i]-len(cell)) + cell
			}
			_, _ = fmt.Fprint(w, cell, "\t") // a Builder takes all
		}
		_, _ = fmt.Fprintln(w) // as above
	}
	_ = w.Flush() // as above
	out.WriteByte('\n')
}

// trimmed is a text without spaces at the ends of lines.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

func percent(n, whole int64) string {
	return strconv.FormatFloat(100*float64(n)/float64(cmp.Or(whole, 1)), 'f', 1, 64) + "%"
}

func signed(n int64) string {
	if n > 0 {
		return "+" + Thousands(n)
	}
	return Thousands(n)
}

// Thousands writes 5199077 as 5,199,077.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
