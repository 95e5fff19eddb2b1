package closure

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

// errSteps ends a search that is made to take forever.
var errSteps = fmt.Errorf("more than %d paths were looked up: the packages are made to keep a reader busy", maxSteps)

// A hop is one file on the way along a path: a symbolic link, or the file at the
// end.
type hop struct {
	file    tree.File
	through []tree.File // links among the directories that lead to file
}

// end is the file that a way leads to.
func end(way []hop) tree.File { return way[len(way)-1].file }

// An absentError says that a path leads nowhere.
type absentError struct {
	path string // that is not there
	link bool   // whether a link led to it
}

func (e *absentError) Error() string {
	if e.link {
		return fmt.Sprintf("it leads to %s, which is in no package", printable(e.path))
	}
	return "it is in no package"
}

// walk follows a path, relative to the root or absolute, as Linux does with the
// tree as its root. Unlike Linux it does not let .. stay at the root: there a
// link would leave the image when that is unpacked elsewhere. The way ends with
// a regular file or a directory.
func (f *finder) walk(target string) ([]hop, error) {
	var way []hop
	var through []tree.File
	at, todo, links := ".", strings.Split(target, "/"), 0
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			if at == "." {
				return nil, errors.New("it leads out of the root")
			}
			at = path.Dir(at)
			continue
		}
		if f.steps++; f.steps > maxSteps {
			return nil, errSteps
		}
		at = path.Join(at, name)
		file, ok := f.tree.Lookup(at)
		switch {
		case !ok:
			return nil, &absentError{path.Join(at, path.Join(todo...)), links > 0}
		case file.Mode.Type() == fs.ModeSymlink:
			if links++; links > maxLinks {
				return nil, errors.New("its links go in circles")
			}
			if len(todo) == 0 {
				way, through = append(way, hop{file, through}), nil
			} else {
				through = append(through, file)
			}
			at = path.Dir(at)
			if path.IsAbs(file.Link) {
				at = "."
			}
			todo = append(strings.Split(file.Link, "/"), todo...)
		case !file.Mode.IsDir() && len(todo) > 0:
			return nil, &absentError{path.Join(at, path.Join(todo...)), links > 0}
		}
	}
	file, ok := f.tree.Lookup(at)
	if !ok { // the root is in no tree
		file = tree.File{Path: ".", Mode: fs.ModeDir | 0o755}
	}
	return append(way, hop{file, through}), nil
}
