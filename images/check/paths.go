package check

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// A pattern is one of Subject.Paths.
type pattern struct {
	elements []string
	deep     bool // everything below elements, at any depth
}

func unexpectedPath(ctx context.Context, s Subject) error {
	var patterns []pattern
	for _, text := range s.Paths {
		p, err := parsePattern(text)
		if err != nil {
			return fmt.Errorf("reading path pattern %q: %w", text, err)
		}
		patterns = append(patterns, p)
	}
	return everyFile(func(_ Subject, f tree.File) error {
		if slices.ContainsFunc(patterns, func(p pattern) bool { return p.allows(f) }) {
			return nil
		}
		return fmt.Errorf("%s is not expected", f.Path)
	})(ctx, s)
}

// parsePattern refuses what could never match, and a ** where path.Match would
// silently take it for a *.
func parsePattern(text string) (pattern, error) {
	text, deep := strings.CutSuffix(text, "/**")
	p := pattern{elements: strings.Split(text, "/"), deep: deep}
	for _, e := range p.elements {
		if e == "" || e == "." || e == ".." || strings.Contains(e, "**") {
			return p, fmt.Errorf("element %q is none of a relative path; ** can only be the last", e)
		}
		if _, err := path.Match(e, ""); err != nil {
			return p, fmt.Errorf("element %q: %w", e, err)
		}
	}
	return p, nil
}

func (p pattern) allows(f tree.File) bool {
	have := strings.Split(f.Path, "/")
	for i := range min(len(have), len(p.elements)) {
		if ok, err := path.Match(p.elements[i], have[i]); err != nil || !ok {
			return false
		}
	}
	switch {
	case len(have) > len(p.elements):
		return p.deep
	case len(have) == len(p.elements):
		return !p.deep || f.Mode.IsDir()
	}
	return f.Mode.IsDir() // on the way to what the pattern names
}
