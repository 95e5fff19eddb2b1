package pipeline

import (
	"context"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// Closure returns which files the image takes out of its packages and which of
// them needs which, for the one platform of the options: as a tree to read, or
// for Graphviz. It uses the lock, as a build does.
func Closure(ctx context.Context, o Options, dot bool) (text string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	b := builder{Options: o, out: out}
	if err := b.load(ctx); err != nil {
		return "", err
	}
	switch {
	case profile(b.definition) != check.Dynamic:
		return "", fmt.Errorf("images/%s.yaml has no alpine.files: only an image that takes some files out of packages has a closure", o.Name)
	case len(b.Platforms) != 1:
		return "", fmt.Errorf("a closure is of one platform: name one of %q", b.Platforms)
	}
	from := packaged{builder: &b}
	if err := from.prepare(ctx, b.Platforms); err != nil {
		return "", interrupted(ctx, err)
	}
	packages, err := from.packages(ctx, b.Platforms[0])
	if err != nil {
		return "", interrupted(ctx, err)
	}
	graph, err := closureOf(packages, b.definition.Alpine.Files)
	if err != nil {
		return "", err
	}
	if dot {
		return graph.Dot(), nil
	}
	return graph.Text(), nil
}
