package closure

import (
	"fmt"
	"slices"
	"strings"
)

// shapes are how Graphviz draws the kinds of files.
var shapes = map[Kind]string{
	Program: "box3d", Library: "box", Interpreter: "component", Link: "oval", Data: "note",
}

// Dot is the graph in the language of Graphviz, with a cluster for each package.
// The same graph gives the same bytes.
func (g *Graph) Dot() string {
	var b strings.Builder
	b.WriteString("digraph closure {\n\trankdir=LR;\n\tnode [shape=box];\n")
	clusters := map[string][]Node{}
	var names []string
	for _, n := range g.Nodes {
		if clusters[n.Package] == nil {
			names = append(names, n.Package)
		}
		clusters[n.Package] = append(clusters[n.Package], n)
	}
	slices.Sort(names)
	for i, name := range names {
		fmt.Fprintf(&b, "\tsubgraph cluster_%d {\n\t\tlabel=%s;\n", i, quote(packageName(name)))
		for _, n := range clusters[name] {
			label := printable(n.Path) + "\n" + thousands(n.Size) + " bytes"
			if n.Kind == Link {
				label = printable(n.Path) + "\n-> " + printable(g.files[n.Path].Link)
			}
			fmt.Fprintf(&b, "\t\t%s [shape=%s, label=%s];\n", quote(printable(n.Path)), shapes[n.Kind], quote(label))
		}
		b.WriteString("\t}\n")
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "\t%s -> %s [label=%s];\n", quote(printable(e.From)), quote(printable(e.To)), quote(printable(e.Why)))
	}
	b.WriteString("}\n")
	return b.String()
}

// quote writes a string of DOT. In a label a backslash begins an escape, so it
// is doubled everywhere; then the same file has the same name everywhere too.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
