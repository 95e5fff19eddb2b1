package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// maxLinks is how many links Linux follows in one path (MAXSYMLINKS).
const maxLinks = 40

func symlink(s Subject, f tree.File) error {
	if f.Mode.Type() != fs.ModeSymlink {
		return nil
	}
	given := provided
	if s.Profile == Debug {
		given = filled
	}
	if err := follow(s.Tree, f, given); err != nil {
		return fmt.Errorf("%s -> %s: %w", f.Path, f.Link, err)
	}
	return nil
}

// follow walks to the end of a link like Linux does, with the tree as the root.
// Unlike Linux it does not let .. stay at the root: there it would leave the
// image when that is unpacked elsewhere. Paths that are given at run time need not
// be in the tree.
func follow(t *tree.Tree, link tree.File, given func(string) bool) error {
	at, todo := path.Dir(link.Path), []string{}
	enter := func(target string) {
		if path.IsAbs(target) {
			at = "."
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	enter(link.Link)
	for links := 1; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		next := path.Join(at, name)
		switch f, ok := t.Lookup(next); {
		case name == "" || name == ".":
		case name == "..":
			if at == "." {
				return errors.New("it leads out of the image")
			}
			at = path.Dir(at)
		case given(next):
			at = next
		case !ok || len(todo) > 0 && f.Mode.IsRegular():
			return fmt.Errorf("it leads nowhere, for the image has no %s", path.Join(next, path.Join(todo...)))
		case f.Mode.Type() == fs.ModeSymlink:
			if links++; links > maxLinks {
				return errors.New("it goes in circles")
			}
			enter(f.Link)
		default:
			at = next
		}
	}
	return nil
}

// provided reports whether every container runtime puts something at this path.
func provided(p string) bool {
	return p == "dev" || p == "dev/shm" || p == "dev/stdout" || p == "dev/stderr"
}

// filled reports whether a path is in one of the places that a base system leaves
// to the kernel and the runtime to fill. What they put there differs; a link of
// the base into them, such as etc/mtab to /proc/mounts, is no mistake.
func filled(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return first == "dev" || first == "proc" || first == "run" || first == "sys"
}
