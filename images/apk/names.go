package apk

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Names end in paths, addresses and file names, so they are patterns of what
// is known to be harmless there: no slash, no leading dot, no space.
var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$`)
	versionPattern = regexp.MustCompile(`^[0-9][A-Za-z0-9._~-]{0,126}$`)
	archPattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_]{0,31}$`)
	keyPattern     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9@._+-]{0,199}$`)
)

// check reports a value that a pattern does not allow.
func check(pattern *regexp.Regexp, what, value string) error {
	if !pattern.MatchString(value) {
		return fmt.Errorf("%.200q cannot be %s", value, what)
	}
	return nil
}

// checkText reports a line that would change the meaning of another file, or
// what a terminal shows, when it is written there. A tab is harmless, and some
// descriptions have one.
func checkText(line string) error {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	switch {
	case !utf8.ValidString(line):
		return errors.New("it is not UTF-8")
	case strings.ContainsFunc(line, control):
		return errors.New("it has a control character")
	}
	return nil
}
