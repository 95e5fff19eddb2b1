package resolve

import (
	"cmp"
	"fmt"
	"strings"
)

// kind is what a token of a version is. The order is that of the versions:
// where two versions first differ in kind, the one with the smaller kind is
// the newer, but for suffixes that mean a release to come.
type kind int

const (
	first    kind = iota // 1 of 1.2c_rc3~4f-r5
	digits               // 2
	letter               // c
	suffix               // rc
	number               // 3
	commit               // 4f
	revision             // 5
	end
	invalid
)

// released is the rank of having no suffix: what ranks below is to come.
const released = 5

var suffixes = map[string]int{
	"alpha": 1, "beta": 2, "pre": 3, "rc": 4,
	"cvs": 6, "svn": 7, "git": 8, "hg": 9, "p": 10,
}

type token struct {
	kind kind
	text string
	rank int // of a suffix
}

// Compare orders two versions as apk does: negative where a is older than b,
// zero where they are equal, positive where a is newer. A version is digits,
// with more digits after dots, and then as it likes a letter, suffixes such as
// _rc1 or _p20250101, a commit such as ~4f3a, and a revision such as -r0.
func Compare(a, b string) (int, error) {
	for _, v := range []string{a, b} {
		if !valid(v) {
			return 0, fmt.Errorf("%.80q is not a version as Alpine writes them, such as 1.2.3_rc1-r0", v)
		}
	}
	return order(a, b, false), nil
}

func valid(version string) bool {
	t, rest := next(first, version)
	for t.kind < end {
		t, rest = follow(t.kind, rest)
	}
	return t.kind == end
}

// order compares two versions, or with prefix set what of a is as long as b.
// What is not a version is compared up to where it stops being one, as apk
// does: an index may name such a version.
func order(a, b string, prefix bool) int {
	ta, resta := next(first, a)
	tb, restb := next(first, b)
	for ta.kind == tb.kind && ta.kind < end {
		if c := ta.compare(tb); c != 0 {
			return c
		}
		ta, resta = follow(ta.kind, resta)
		tb, restb = follow(tb.kind, restb)
	}
	switch {
	case ta.kind == tb.kind, prefix && tb.kind == end:
		return 0
	case ta.kind == suffix && ta.rank < released:
		return -1
	case tb.kind == suffix && tb.rank < released:
		return 1
	default:
		return cmp.Compare(tb.kind, ta.kind)
	}
}

// compare orders two tokens of the same kind.
func (t token) compare(o token) int {
	switch t.kind {
	case suffix:
		return cmp.Compare(t.rank, o.rank)
	case digits:
		// A zero in front makes it a fraction: 1.02 is older than 1.1.
		if t.text[0] != '0' && o.text[0] != '0' {
			return compareNumbers(t.text, o.text)
		}
	case first, number, revision:
		return compareNumbers(t.text, o.text)
	default:
	}
	return strings.Compare(t.text, o.text)
}

// compareNumbers compares decimal numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// follow reads the token after one of kind last.
func follow(last kind, s string) (token, string) {
	switch {
	case s == "":
		return token{kind: end}, ""
	case s[0] == '.' && last <= digits:
		return next(digits, s[1:])
	case s[0] == '_' && last <= number:
		return next(suffix, s[1:])
	case s[0] == '~' && last < commit:
		return next(commit, s[1:])
	case strings.HasPrefix(s, "-r") && last < revision:
		return next(revision, s[2:])
	case last == suffix:
		return next(number, s)
	case last <= digits && s[0] >= 'a' && s[0] <= 'z':
		return token{kind: letter, text: s[:1]}, s[1:]
	default:
		return token{kind: invalid}, s
	}
}

// next reads a token of the kind, which s must begin with.
func next(k kind, s string) (token, string) {
	n := 0
	for n < len(s) && belongs(k, s[n]) {
		n++
	}
	t := token{kind: k, text: s[:n]}
	if k == suffix {
		t.rank = suffixes[t.text]
	}
	if n == 0 || k == suffix && t.rank == 0 {
		return token{kind: invalid}, s
	}
	return t, s[n:]
}

func belongs(k kind, c byte) bool {
	switch k {
	case suffix:
		return c >= 'a' && c <= 'z'
	case commit:
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
	default:
		return c >= '0' && c <= '9'
	}
}
