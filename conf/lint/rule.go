package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says how bad a finding is.
type Severity int

// An error is a hole or something that does not work, a warning a likely mistake, and
// an information something to consider.
const (
	Info Severity = iota
	Warning
	Error
)

func (s Severity) String() string { return [...]string{"info", "warning", "error"}[s] }

// MarshalText writes the severity as a word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Finding is one place that a rule objects to.
type Finding struct {
	File     string   `json:"file"` // its path in the file system that was checked
	Line     int      `json:"line"` // from 1
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"`
	Message  string   `json:"message"`
}

// A Rule is one thing that configurations are judged by. Bad and Good are
// configurations that show it, and the rule's own test.
type Rule struct {
	ID       string
	Severity Severity
	CIS      string // the section of CIS NGINX 3.0.0, empty if there is none
	Explain  string // why, and what to do instead
	Bad      string
	Good     string

	check func(*judge) // nil: found while reading
}

// Rules returns all rules, sorted by their names.
func Rules() []Rule {
	var all []Rule
	for _, family := range [][]*Rule{readRules, serveRules, headerRules, ifRules, regexRules, proxyRules, tlsRules, accessRules, mainRules, imageRules, limitRules, missingRules} {
		for _, r := range family {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// A judge is a configuration in front of one rule.
type judge struct {
	root   *directive
	byName map[string][]*directive // in the order of the files, without values of maps and the like
	rule   *Rule
	found  []Finding
}

// reportf adds a finding at a directive.
func (j *judge) reportf(d *directive, format string, args ...any) {
	j.found = append(j.found, Finding{d.file, d.line, j.rule.Severity, j.rule.ID, plain(fmt.Sprintf(format, args...))})
}

// each calls f with each directive of the given names.
func (j *judge) each(f func(*directive), names ...string) {
	for _, name := range names {
		for _, d := range j.byName[name] {
			f(d)
		}
	}
}

// index sorts all directives by their names.
func (j *judge) index(d *directive) {
	for _, child := range d.block {
		j.byName[child.name] = append(j.byName[child.name], child)
		if !child.data() {
			j.index(child)
		}
	}
}

// value is a rule against a directive with a certain first argument.
func value(name, bad, message string) func(*judge) {
	return func(j *judge) {
		j.each(func(d *directive) {
			if d.arg(0) == bad {
				j.reportf(d, "%s", message)
			}
		}, name)
	}
}
