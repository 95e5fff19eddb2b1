package images

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// validator collects what is wrong with a file, so that one run reports all of
// it, in the order of the file.
type validator struct {
	file string
	errs []error
}

// check reports the field unless ok.
func (v *validator) check(ok bool, field, problem string) {
	if !ok {
		v.errs = append(v.errs, fmt.Errorf("%s: field %s %s", v.file, field, problem))
	}
}

func (v *validator) err() error { return errors.Join(v.errs...) }

// pattern is a syntax of values, and how to say it.
type pattern struct {
	syntax *regexp.Regexp
	says   string
}

func (p pattern) ok(value string) bool { return p.syntax.MatchString(value) }

// match reports a value that does not have the syntax.
func (v *validator) match(p pattern, field, value string) {
	if value == "" {
		v.check(false, field, "is missing: "+p.says)
		return
	}
	v.check(p.ok(value), field, fmt.Sprintf("is %q: %s", value, p.says))
}

func (v *validator) matchAll(p pattern, field string, values []string) {
	for i, value := range values {
		v.match(p, fmt.Sprintf("%s[%d]", field, i), value)
	}
}

// text reports what is not one line that people can read, and returns whether
// it is. Anything else could hide from an auditor, or write to the terminal of
// whoever it is shown to.
func (v *validator) text(field, value string) bool {
	if strings.TrimSpace(value) == "" {
		v.check(false, field, "is missing")
		return false
	}
	ok := !strings.ContainsFunc(value, hidden)
	v.check(ok, field, fmt.Sprintf("is %q: it must be one line of text", value))
	return ok
}

// hidden says whether the rune is not seen as itself where it is printed.
func hidden(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// path reports what is not a relative path of something below the root.
func (v *validator) path(field, value string) {
	if !v.text(field, value) {
		return
	}
	v.check(fs.ValidPath(value) && value != ".", field,
		fmt.Sprintf("is %q: it must be a path without a slash at either end, or . or .. in it", value))
}

// reasons holds every exception to giving its reason: the definition is what
// an auditor reads.
func (v *validator) reasons(field string, reasons map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(reasons)) {
		at := fmt.Sprintf("%s[%q]", field, key)
		if strings.TrimSpace(reasons[key]) == "" {
			v.check(false, at, "has no reason")
			continue
		}
		v.text(at, reasons[key])
	}
}

// element names one element of a list: by its name, if it has a proper one.
func element(list, name string, i int) string {
	if namePattern.ok(name) {
		return fmt.Sprintf("%s[%s]", list, name)
	}
	return fmt.Sprintf("%s[%d]", list, i)
}
