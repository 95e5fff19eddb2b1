package closure

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text is the graph as a tree for terminals: each file below what needs it,
// with its package, its bytes and why. What a file that was shown before needs
// is not repeated: it is marked "(above)". The totals of each package follow.
func (g *Graph) Text() string {
	t := texter{g: g, nodes: map[string]Node{}, needs: map[string][]Edge{}, shown: map[string]bool{}}
	for _, n := range g.Nodes {
		t.nodes[n.Path] = n
	}
	for _, e := range g.Edges {
		t.needs[e.From] = append(t.needs[e.From], e)
	}
	t.rows = append(t.rows, row{"file", "package", "bytes", "why"})
	for _, root := range g.Roots {
		t.show("", "", "", Edge{To: root, Why: "requested"})
	}
	t.rows = append(t.rows, row{})
	t.totals()
	return t.table()
}

// row is one line: file, package, bytes, why.
type row [4]string

// texter makes the lines of a graph.
type texter struct {
	g     *Graph
	nodes map[string]Node
	needs map[string][]Edge
	shown map[string]bool
	rows  []row
}

// show adds the file that e leads to and, indented, what it needs. first is
// what the line begins with, rest what the lines below it do.
func (t *texter) show(indent, first, rest string, e Edge) {
	n := t.nodes[e.To]
	name := printable(n.Path)
	if n.Kind == Link {
		name += " -> " + printable(t.g.files[n.Path].Link)
	}
	r := row{indent + first + name, packageName(n.Package), thousands(n.Size), printable(e.Why)}
	var needs []Edge
	if t.shown[n.Path] {
		r[2] = "(above)"
	} else {
		needs = t.needs[n.Path]
	}
	t.shown[n.Path] = true
	t.rows = append(t.rows, r)
	for i, need := range needs {
		if i < len(needs)-1 {
			t.show(indent+rest, "├─ ", "│  ", need)
		} else {
			t.show(indent+rest, "└─ ", "   ", need)
		}
	}
}

// totals adds a line for each package, by name, and one for all.
func (t *texter) totals() {
	type total struct {
		files int
		bytes int64
	}
	sums := map[string]total{}
	var names []string
	var all total
	for _, n := range t.g.Nodes {
		s, ok := sums[n.Package]
		if !ok {
			names = append(names, n.Package)
		}
		sums[n.Package] = total{s.files + 1, s.bytes + n.Size}
		all = total{all.files + 1, all.bytes + n.Size}
	}
	slices.Sort(names)
	for _, name := range names {
		t.rows = append(t.rows, row{count(sums[name].files, "file"), packageName(name), thousands(sums[name].bytes)})
	}
	t.rows = append(t.rows, row{count(all.files, "file"), count(len(names), "package"), thousands(all.bytes), "in all"})
}

// table aligns the columns.
func (t *texter) table() string {
	var widths [len(row{})]int
	for _, r := range t.rows {
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range t.rows {
		line := fmt.Sprintf("%-*s  %-*s  %*s  %s", widths[0], r[0], widths[1], r[1], widths[2], r[2], r[3])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// count writes "1 file" or "2 files".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// thousands writes 5199077 as 5,199,077.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// packageName is the name to show for a file's package.
func packageName(name string) string {
	if name == "" {
		return "no package"
	}
	return printable(name)
}

// printable quotes what would do something else to a terminal than be seen.
func printable(s string) string {
	odd := func(r rune) bool { return !strconv.IsPrint(r) || r == '"' || r == utf8.RuneError }
	if s == "" || strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}
