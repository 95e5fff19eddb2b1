package source

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// symlink makes a symlink that stays below the root. A ".." may only begin its
// target: then the target is counted from the link's own directory, which is a
// real one, and goes on downwards, so that no chain of such links can lead out.
func (u *unpacker) symlink(name, target string) error {
	if target == "" || len(target) > maxPath || path.IsAbs(target) {
		return fmt.Errorf("it is a symlink to %.*q: a target must be relative, and at most %d bytes", maxPath, target, maxPath)
	}
	up, down := 0, false
	for element := range strings.SplitSeq(target, "/") {
		switch {
		case element == ".." && down:
			return fmt.Errorf("it is a symlink to %q: only at its beginning may a target go up", target)
		case element == "..":
			up++
		case element != "" && element != ".":
			down = true
		}
	}
	if up > strings.Count(name, "/") {
		return fmt.Errorf("it is a symlink to %q, outside the archive's directory", target)
	}
	return u.root.Symlink(target, name)
}

// link makes a hard link to a file that has been unpacked.
func (u *unpacker) link(name, target string) error {
	clean, err := cleanName(target)
	if err != nil {
		return fmt.Errorf("it is a hard link to %.*q: %w", maxPath, target, err)
	}
	top, rest, _ := strings.Cut(clean, "/")
	if top != u.top || rest == "" {
		return fmt.Errorf("it is a hard link to %q, outside the archive's directory", target)
	}
	info, err := u.root.Lstat(rest)
	if err != nil {
		return fmt.Errorf("it is a hard link to %q: %w", target, err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is a hard link to something that is no file")
	}
	return u.root.Link(rest, name)
}
