package source

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// headerNames are the paths of a "---" and a "+++" line; empty for /dev/null.
type headerNames struct {
	old, new string
	gone     bool // the new file is dated to the beginning of 1970
}

// headerNames reads the two lines.
func (p *parser) headerNames() (names headerNames, err error) {
	if names.old, _, err = parseName(strings.TrimPrefix(p.line(), "--- ")); err != nil {
		return names, err
	}
	p.pos++
	var stamp string
	if names.new, stamp, err = parseName(strings.TrimPrefix(p.line(), "+++ ")); err != nil {
		return names, err
	}
	if names.old == "" && names.new == "" {
		return names, errors.New("neither file has a name")
	}
	date, err := time.Parse("2006-01-02 15:04:05 -0700", stamp)
	names.gone = err == nil && date.Unix() == 0
	p.pos++
	return names, nil
}

// parseName splits what follows "--- " into the path below the first
// directory, empty for /dev/null, and the date after a tab.
func parseName(text string) (name, stamp string, err error) {
	text = strings.TrimSuffix(text, "\n")
	name, stamp, _ = strings.Cut(text, "\t")
	if name == "/dev/null" {
		return "", stamp, nil
	}
	if name, err = unquote(name); err != nil {
		return "", "", err
	}
	name, err = strip(name)
	return name, stamp, err
}

// unquote undoes the quoting of git and diff for names with special bytes.
func unquote(name string) (string, error) {
	if !strings.HasPrefix(name, `"`) {
		return name, nil
	}
	plain, err := strconv.Unquote(name)
	if err != nil {
		return "", fmt.Errorf("the file name %s is quoted wrongly", name)
	}
	return plain, nil
}

// strip removes the first directory of a path, as patch -p1 does.
func strip(name string) (string, error) {
	first, rest, _ := strings.Cut(name, "/")
	if first == "" || first == ".." || rest == "." || !fs.ValidPath(rest) || strings.ContainsRune(rest, 0) {
		return "", fmt.Errorf("the file name %q is not a relative path below one directory", name)
	}
	return rest, nil
}
