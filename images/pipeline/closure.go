package pipeline

import (
	"context"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images/alpine"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// Closure returns which files the image takes out of its packages and which of
// them needs which, for the one platform of the options: as a tree to read, or
// for Graphviz. It uses the lock, as a build does.
func Closure(ctx context.Context, o Options, dot bool) (text string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	definition, lock, err := load(o.Repository, o.Name)
	if err != nil {
		return "", err
	}
	if definition.Alpine == nil || len(definition.Alpine.Files) == 0 {
		return "", fmt.Errorf("images/%s.yaml has no alpine.files: only an image that takes some files out of packages has a closure", o.Name)
	}
	chosen, err := platforms(o.Platforms, definition)
	if err != nil {
		return "", err
	}
	if len(chosen) != 1 {
		return "", fmt.Errorf("a closure is of one platform: name one of %v", chosen)
	}
	want, err := locked(lock, o.Name, chosen)
	if err != nil {
		return "", err
	}
	client, err := o.repository(definition, out)
	if err != nil {
		return "", err
	}
	if err := client.Fetch(ctx, want...); err != nil {
		return "", interrupted(ctx, err)
	}
	packages, err := client.ReadAll(ctx, want[0])
	if err != nil {
		return "", err
	}
	files, err := alpine.Merge(packages)
	if err != nil {
		return "", err
	}
	graph, err := closureOf(files, definition.Alpine.Files)
	if err != nil {
		return "", err
	}
	if dot {
		return graph.Dot(), nil
	}
	return graph.Text(), nil
}
