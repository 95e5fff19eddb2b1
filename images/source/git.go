package source

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// gitDiff reads a diff that begins with "diff --git": extended header lines,
// then perhaps names and hunks.
func (p *parser) gitDiff() (fileDiff, error) {
	diff := fileDiff{line: p.pos + 1}
	diff.old = sameName(strings.TrimSuffix(strings.TrimPrefix(p.line(), "diff --git "), "\n"))
	diff.new = diff.old
	p.pos++
	for more := true; more && !p.done(); {
		var err error
		if more, err = diff.extend(strings.TrimSuffix(p.line(), "\n")); err != nil {
			return fileDiff{}, err
		}
		if more {
			p.pos++
		}
	}
	if p.at("--- ") {
		if err := p.gitNames(&diff); err != nil {
			return fileDiff{}, err
		}
	}
	var err error
	if diff.hunks, err = p.hunks(); err != nil {
		return fileDiff{}, err
	}
	if diff.old == "" && diff.new == "" {
		return fileDiff{}, errors.New("the diff before this line names no file")
	}
	return diff, nil
}

// extend takes in one extended header line, and reports false for any other.
func (d *fileDiff) extend(line string) (known bool, err error) {
	for _, key := range []string{
		"old mode ", "new mode ", "new file mode ", "deleted file mode ", "rename from ", "rename to ",
		"copy from ", "copy to ", "similarity index ", "dissimilarity index ", "index ",
	} {
		value, found := strings.CutPrefix(line, key)
		if !found {
			continue
		}
		switch key {
		case "new mode ":
			d.mode, err = gitMode(value)
		case "new file mode ":
			d.old = ""
			d.mode, err = gitMode(value)
		case "deleted file mode ":
			d.new = ""
		case "rename from ":
			d.old, err = renamed(value)
		case "rename to ":
			d.new, err = renamed(value)
		case "copy from ", "copy to ":
			err = errors.New("copies of files are not supported")
		}
		return true, err
	}
	return false, nil
}

// renamed returns the path in a rename line, which has no directory to strip.
func renamed(name string) (string, error) {
	name, err := unquote(name)
	if err != nil {
		return "", err
	}
	return strip("./" + name)
}

// gitNames reads the "---" and "+++" lines, which must agree with the names
// known from the lines before.
func (p *parser) gitNames(diff *fileDiff) error {
	if p.pos+1 == len(p.lines) || !strings.HasPrefix(p.lines[p.pos+1], "+++ ") {
		return errors.New("no line with +++ follows")
	}
	names, err := p.headerNames()
	if err != nil {
		return err
	}
	known := diff.old != "" || diff.new != ""
	if known && (names.old != diff.old || names.new != diff.new) {
		return fmt.Errorf("the lines before have other names (%q, then %q) than --- and +++", diff.old, diff.new)
	}
	if !known && names.old != "" && names.new != "" && names.old != names.new {
		return errors.New("the lines before have two names and no rename")
	}
	diff.old, diff.new = names.old, names.new
	return nil
}

// sameName returns the path that both names after "diff --git" have below
// their first directories; empty where they differ or are quoted.
func sameName(names string) string {
	for i, char := range names {
		if char != ' ' {
			continue
		}
		old, err := strip(names[:i])
		if err != nil {
			continue
		}
		if other, err := strip(names[i+1:]); err == nil && other == old {
			return old
		}
	}
	return ""
}

// gitMode returns the permissions of a mode in a git diff.
func gitMode(mode string) (fs.FileMode, error) {
	switch mode {
	case "100644":
		return 0o644, nil
	case "100755":
		return 0o755, nil
	}
	return 0, fmt.Errorf("mode %q: only regular files, 100644 or 100755, can be patched", mode)
}
