package apk

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// cleanPath returns the path of an entry, relative and without the slash that
// ends a directory's.
func cleanPath(name string, dir bool) (string, error) {
	if dir {
		name = strings.TrimSuffix(name, "/")
	}
	switch {
	case path.IsAbs(name):
		return "", errors.New("the path is absolute")
	case len(name) > maxPath:
		return "", fmt.Errorf("the path is longer than %d bytes", maxPath)
	case name == "." || !fs.ValidPath(name):
		return "", errors.New("the path is not UTF-8 or has an empty, \".\" or \"..\" element")
	}
	for element := range strings.SplitSeq(name, "/") {
		if len(element) > maxElement {
			return "", fmt.Errorf("the path has more than %d bytes between two slashes", maxElement)
		}
	}
	// A line break would end a line of the list of installed files.
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errors.New("the path has a control character")
	}
	return name, nil
}

// checkTarget reports the target of a symlink that would lead out of the root
// it is installed in. An absolute one begins at that root.
func checkTarget(name, target string) error {
	if target == "" || len(target) > maxPath || strings.ContainsRune(target, 0) {
		return fmt.Errorf("it is a symlink to %.200q: a target has 1 to %d bytes and no NUL", target, maxPath)
	}
	depth := strings.Count(name, "/")
	if path.IsAbs(target) {
		depth = 0
	}
	for element := range strings.SplitSeq(target, "/") {
		switch element {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return fmt.Errorf("it is a symlink to %.200q, outside the root", target)
		}
	}
	return nil
}
