// Package words lets people type what mage's own grammar has no words for: an
// image that need not be named, and a flag whose value follows after a space.
package words

import (
	"slices"
	"strings"
)

// Default is the image of a target that names none.
const Default = "static"

// Grammar is what the targets take.
type Grammar struct {
	Targets []string            // all of them, in lower case
	Images  []string            // the targets that act on an image
	Paths   []string            // the targets that act on a path or reference, which must be named; twice, if there are two
	Words   map[string]string   // the targets that take another word, and what it is if none is given
	Flags   map[string][]string // the flags of a target that have a value
}

// Arguments turns the command line of a person into mage's, in which an image
// always follows its target, and a flag is one word with its value:
//
//	build -platform linux/arm64   becomes   build static -platform=linux/arm64
func (g Grammar) Arguments(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		target := strings.ToLower(args[i])
		out = append(out, args[i])
		if !slices.Contains(g.Targets, target) {
			continue
		}
		if slices.Contains(g.Images, target) {
			if i+1 < len(args) && !g.isWord(args[i+1]) {
				i++
				out = append(out, args[i])
			} else {
				out = append(out, Default)
			}
		}
		if word, ok := g.Words[target]; ok {
			if i+1 < len(args) && !g.isWord(args[i+1]) {
				i++
				word = args[i]
			}
			out = append(out, word)
		}
		paths := min(g.paths(target), len(args)-i-1)
		out = append(out, args[i+1:i+1+paths]...)
		i += paths
		for i+1 < len(args) && strings.HasPrefix(args[i+1], "-") {
			i++
			flag := oneWord(args[i])
			if slices.Contains(g.Flags[target], strings.ToLower(flag[1:])) && i+1 < len(args) {
				i++
				flag += "=" + args[i]
			}
			out = append(out, flag)
		}
	}
	return out
}

// oneWord writes a flag as mage has it: with one dash, and none inside of its name.
func oneWord(flag string) string {
	name, value, valued := strings.Cut(strings.TrimLeft(flag, "-"), "=")
	name = "-" + strings.ReplaceAll(name, "-", "")
	if valued {
		name += "=" + value
	}
	return name
}

// paths is how many a target takes.
func (g Grammar) paths(target string) (n int) {
	for _, path := range g.Paths {
		if path == target {
			n++
		}
	}
	return n
}

// isWord reports whether a word is a flag or the next target, and so no image.
func (g Grammar) isWord(word string) bool {
	return strings.HasPrefix(word, "-") || slices.Contains(g.Targets, strings.ToLower(word))
}

// Targets is the grammar of the project's magefile.
var Targets = Grammar{
	Targets: []string{
		"build", "test", "lock", "closure", "publish", "nightly", "join", "verify", "diff", "keygen", "run", "site", "bench", "sbom", "size",
		"lint:code", "lint:conf", "clean", "env", "lint",
	},
	Images: []string{"build", "test", "lock", "closure", "run", "sbom", "size"},
	Paths:  []string{"publish", "nightly", "join", "diff", "diff", "site", "lint:conf"},
	Words:  map[string]string{"keygen": "cosign", "verify": Default},
	Flags: map[string][]string{
		"build":     {"platform", "base", "inputs", "jobs"},
		"lock":      {"platform"},
		"closure":   {"platform"},
		"publish":   {"image", "key"},
		"nightly":   {"image", "base", "key"},
		"join":      {"from", "image", "key"},
		"verify":    {"key", "builder", "source"},
		"diff":      {"format"},
		"run":       {"site", "conf", "templates", "env", "port"},
		"site":      {"image", "conf", "tag", "platform"},
		"sbom":      {"platform", "format"},
		"bench":     {"image", "works"},
		"size":      {"platform", "against"},
		"lint:conf": {"format"},
	},
}
