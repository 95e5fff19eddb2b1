package check

import (
	"context"
	"debug/elf"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images/closure"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func closureChecks() []Check {
	return []Check{{
		Name:     "closure",
		Explain:  "The loader and the libraries that the program needs are in the image; in a dynamic image, no others are.",
		Remedy:   "Add what is missing from the package that has it; leave out what the program does not load.",
		Profiles: []Profile{Dynamic, Debug},
		Run:      closed,
	}}
}

// closed does not mind what else is in a Debug image.
func closed(ctx context.Context, s Subject) error {
	loaded, err := loadedFiles(s)
	if err != nil || s.Profile == Debug {
		return err
	}
	return everyFile(func(s Subject, f tree.File) error {
		if f.Path == s.Binary || loaded[f.Path] || !isELF(f.Data) {
			return nil
		}
		return fmt.Errorf("%s is not needed: %s does not load it, nor does any of its libraries", f.Path, s.Binary)
	})(ctx, s)
}

// loadedFiles are the paths of the loader and the shared libraries, without the
// symlinks on the way to them, that Linux maps to start the image's program.
func loadedFiles(s Subject) (map[string]bool, error) {
	binary, err := program(s)
	if err != nil {
		return nil, err
	}
	if _, err := parseELF(binary.Data); err != nil {
		return nil, fmt.Errorf("reading %s as an ELF file: %w", s.Binary, err)
	}
	graph, err := closure.Find(s.Tree, []string{s.Binary})
	if err != nil {
		return nil, fmt.Errorf("the program cannot be loaded: %w", err)
	}
	loaded := map[string]bool{}
	for _, n := range graph.Nodes {
		if n.Kind != closure.Library && n.Kind != closure.Interpreter {
			continue
		}
		f, _ := s.Tree.Lookup(n.Path)
		o, err := parseELF(f.Data)
		if err != nil {
			return nil, fmt.Errorf("reading %s as an ELF file: %w", n.Path, err)
		}
		if o.kind != elf.ET_DYN {
			return nil, fmt.Errorf("%s is loaded as a library and is none (type %v)", n.Path, o.kind)
		}
		loaded[n.Path] = true
	}
	return loaded, nil
}
