package size

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/treemap"
)

// tree is the image for a treemap: files, their components, source files or sections,
// and symbols. A level of which there would be only one is left out.
func (p Platform) tree(image string, classes map[string]string) treemap.Node {
	root := treemap.Node{
		Name:  fmt.Sprintf("%s, %s: %s bytes", image, p.Platform, Thousands(p.Disk)),
		Title: image + " " + p.Platform + ": where each byte goes",
	}
	for _, f := range p.Files {
		if f.Bytes > 0 {
			root.Children = append(root.Children, p.group(f.Path, f.Parts, levels, f.Path, classes))
		}
	}
	return root
}

// levels say into what the parts of a file are grouped.
var levels = []func(Part) string{
	func(p Part) string { return p.Component },
	func(p Part) string { return cmp.Or(p.Source, p.Section) },
	func(p Part) string { return p.Symbol + "\x00" + p.Section },
}

func (p Platform) group(name string, parts []Part, levels []func(Part) string, path string, classes map[string]string) treemap.Node {
	var sum int64
	by := map[string][]Part{}
	var keys []string
	for _, part := range parts {
		sum += part.Bytes
		if len(levels) > 0 {
			key := levels[0](part)
			if by[key] == nil {
				keys = append(keys, key)
			}
			by[key] = append(by[key], part)
		}
	}
	first := parts[0]
	n := treemap.Node{
		Name: name, Title: fmt.Sprintf("%s: %s bytes, %s", path, Thousands(sum), percent(sum, p.Disk)),
		Class: classes[first.Component] + " k" + strconv.Itoa(int(KindOf(first.Section))), Amount: sum,
	}
	switch {
	case len(levels) == 0:
		return n
	case len(keys) == 1 && len(levels) > 1:
		return p.group(name, parts, levels[1:], path, classes)
	case len(keys) == 1:
		return p.leaf(n, first, path)
	}
	slices.Sort(keys)
	for _, key := range keys {
		symbol, section, leaf := strings.Cut(key, "\x00")
		label := cmp.Or(symbol, section)
		below := path + " > " + label
		if leaf && symbol != "" && section != "" {
			below += " in " + section
		}
		if leaf {
			label = within(label, first.Source)
		} else {
			label = short(label)
		}
		n.Children = append(n.Children, p.group(label, by[key], levels[1:], below, classes))
	}
	return n
}

// leaf is a group of one part, which is named for the whole path.
func (p Platform) leaf(n treemap.Node, part Part, path string) treemap.Node {
	below := path
	if part.Symbol != "" {
		n.Name = within(part.Symbol, part.Source)
		below += " > " + part.Symbol
	}
	if part.Section != "" && !strings.HasSuffix(path, " > "+part.Section) {
		below += " in " + part.Section
	}
	n.Title = below + strings.TrimPrefix(n.Title, path)
	return n
}

// short is the name of an object file without that of its library, as OpenSSL and
// libtool name them, and of an area without nginx's own prefix.
func short(name string) string {
	for _, mark := range []string{"-lib-", "_la-"} {
		if _, after, ok := strings.Cut(name, mark); ok {
			return after
		}
	}
	if strings.HasSuffix(name, "_*") {
		name = strings.TrimPrefix(name, "ngx_")
	}
	return name
}

// within is the name of a symbol without the prefix that its area is named after.
func within(symbol, source string) string {
	if prefix, ok := strings.CutSuffix(source, "*"); ok {
		return strings.TrimPrefix(symbol, prefix)
	}
	return symbol
}
