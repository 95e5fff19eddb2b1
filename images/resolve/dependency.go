package resolve

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Dependency is what a package or a definition asks for: a package, or a name
// that packages provide, such as so:libssl.so.3, cmd:openssl or /bin/sh.
type Dependency struct {
	Name     string
	Op       string // = < <= > >= ~ <~ >~, or empty: any version will do
	Version  string // empty where Op is
	Conflict bool   // nothing that the rest describes may be there
}

// operators are those that apk reads, as this package writes them. The ~ goes
// by what of a version is as long as the one asked for: 1.2.3-r0 is ~1.2.
var operators = map[string]string{
	"=": "=", "==": "=", "<": "<", "<=": "<=", "=<": "<=", ">": ">", ">=": ">=", "=>": ">=",
	"~": "~", "=~": "~", "~=": "~", "<~": "<~", "<=~": "<~", ">~": ">~", ">=~": ">~",
}

// ParseDependency reads [!]name[operator version], as a field of an index or
// apk's world has it.
func ParseDependency(s string) (Dependency, error) {
	d, err := parseDependency(s)
	if err != nil {
		return Dependency{}, fmt.Errorf("dependency %.120q: %w", s, err)
	}
	return d, nil
}

func parseDependency(s string) (Dependency, error) {
	spec, conflict := strings.CutPrefix(s, "!")
	name, op, version := cut(spec)
	d := Dependency{Name: name, Version: version, Conflict: conflict}
	if err := checkName(name); err != nil {
		return d, err
	}
	if op == "" {
		return d, nil
	}
	if op == "><" {
		return d, errors.New("it asks for a package by its checksum, which only apk's own world does; ask for a version")
	}
	if d.Op = operators[op]; d.Op == "" {
		return d, fmt.Errorf("%.20q is no operator; those are = < <= > >= ~", op)
	}
	if !valid(version) {
		return d, fmt.Errorf("%.80q is not a version as Alpine writes them, such as 1.2.3_rc1-r0", version)
	}
	return d, nil
}

// parseProvide reads name[=version] of the field p. The version is empty for a
// virtual name. What it is like is not checked, as apk does not: order copes.
func parseProvide(s string) (name, version string, err error) {
	name, op, version := cut(s)
	switch err = checkName(name); {
	case err != nil:
	case op == "" && version == "", op == "=" && version != "":
	default:
		err = errors.New("a provided name is NAME or NAME=VERSION")
	}
	if err != nil {
		return "", "", fmt.Errorf("provided name %.120q: %w", s, err)
	}
	return name, version, nil
}

// cut splits at the operator.
func cut(s string) (name, op, version string) {
	const comparer = "<>=~"
	i := strings.IndexAny(s, comparer)
	if i < 0 {
		return s, "", ""
	}
	version = strings.TrimLeft(s[i:], comparer)
	return s[:i], s[i : len(s)-len(version)], version
}

func checkName(name string) error {
	base, tag, tagged := strings.Cut(name, "@")
	switch {
	case tagged:
		return fmt.Errorf("@%.40s pins it to a tagged repository, and there is none here; ask for %.80q", tag, base)
	case name == "":
		return errors.New("it has no name")
	case strings.HasPrefix(name, "!"):
		return errors.New("its name begins with one ! more")
	case strings.ContainsFunc(name, strange):
		return errors.New("its name has spaces or control characters")
	}
	return nil
}

func strange(r rune) bool {
	return r == unicode.ReplacementChar || !unicode.IsGraphic(r) || unicode.IsSpace(r)
}

// String is the dependency as ParseDependency reads it.
func (d Dependency) String() string {
	s := d.Name + d.Op + d.Version
	if d.Conflict {
		return "!" + s
	}
	return s
}

// describes says whether what provides the name in this version is what the
// dependency is about. Without a version (a virtual name) it always is: apk
// takes it to stand for every version.
func (d Dependency) describes(version string) bool {
	if d.Op == "" || version == "" {
		return true
	}
	op, prefix := strings.CutSuffix(d.Op, "~")
	c := order(version, d.Version, prefix)
	switch op {
	case "<":
		return c < 0 || prefix && c == 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0 || prefix && c == 0
	case ">=":
		return c >= 0
	default: // = and ~
		return c == 0
	}
}
