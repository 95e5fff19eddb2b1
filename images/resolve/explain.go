package resolve

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxProblems = 20 // that are listed
	maxListed   = 5  // packages of a problem
	maxPath     = 8  // packages of a chain
)

// An explainer puts into words why a solver is stuck.
type explainer struct {
	*solver

	lines []string
	seen  map[packageID]bool // explained already
	steps []step
}

// A step is a need to be explained, and who needs it: the packages from the
// one chosen for the world's item, as a list that shares its beginning.
type step struct {
	path *path
	need need
}

type path struct {
	text string
	from *path
}

// String is the chain, in the order in which packages asked.
func (p *path) String() string {
	var texts []string
	for ; p != nil; p = p.from {
		texts = append(texts, p.text)
	}
	slices.Reverse(texts)
	if len(texts) > maxPath {
		texts = slices.Concat(texts[:maxPath/2], []string{"..."}, texts[len(texts)-maxPath/2:])
	}
	return strings.Join(texts, " -> ")
}

func newExplainer(s *solver) *explainer {
	return &explainer{solver: s, seen: map[packageID]bool{}}
}

// conflict explains a conflict, in one line or more.
func (e *explainer) conflict(c *conflict) []string {
	if c.hit == nobody {
		why := e.asked[c.name]
		return e.unmet(e.path(why.by), why.need)
	}
	by, n := e.path(c.cause.by), c.cause.need
	text := of(by, n)
	if c.cause.reason == crowd {
		text += " can only be what provides " + e.names[c.cause.name].text + ", too"
	}
	return []string{fmt.Sprintf("%s, but %s is needed: %s", text, e.packages[c.hit], e.path(c.hit))}
}

// path is the chain to a package that is in, or that is asked about.
func (e *explainer) path(id packageID) *path {
	var ids []packageID
	at := id
	var item need
	for at != nobody && len(ids) <= len(e.packages) {
		ids = append(ids, at)
		why := e.cause[at]
		if e.status[at] != in {
			why = e.asked[e.via[at]]
		}
		at, item = why.by, why.need
	}
	var p *path
	for _, id := range slices.Backward(ids) {
		p = e.join(p, id, item)
	}
	return p
}

// join adds a package to a path, which where it begins names the world's item.
func (e *explainer) join(p *path, id packageID, item need) *path {
	switch text := e.packages[id].String(); {
	case p != nil:
		return &path{text, p}
	case item.Name == e.packages[id].record.Name:
		return &path{text + " (wanted)", nil}
	default:
		return &path{text, &path{item.String() + " (wanted)", nil}}
	}
}

func needs(by *path, n need) string {
	if by == nil {
		return n.String() + " (wanted)"
	}
	return by.String() + " needs " + n.String()
}

// of is a need as part of a sentence.
func of(by *path, n need) string {
	if by == nil {
		return n.String() + " (wanted)"
	}
	return n.String() + " of " + by.String()
}

// unmet explains why a need cannot be fulfilled: down to whatever is missing.
func (e *explainer) unmet(by *path, n need) []string {
	e.steps = []step{{by, n}}
	for len(e.steps) > 0 {
		if len(e.lines) == maxProblems {
			e.lines = append(e.lines, "and more")
			break
		}
		last := e.steps[len(e.steps)-1]
		e.steps = e.steps[:len(e.steps)-1]
		if text := e.explain(last); text != "" {
			e.lines = append(e.lines, needs(last.path, last.need)+text)
		}
	}
	lines := e.lines
	e.lines = nil
	return lines
}

// explain says why nothing fulfils the need, or takes the steps to what lies
// behind.
func (e *explainer) explain(at step) string {
	var fitting, choosable []packageID
	var others []string
	for _, p := range e.names[at.need.name].providers {
		switch {
		case !at.need.describes(p.version):
			others = append(others, e.offer(at.need, p))
		case e.status[p.id] == open:
			choosable = append(choosable, p.id)
		default:
			fitting = append(fitting, p.id)
		}
	}
	switch {
	case len(choosable) > 0:
		var texts []string
		for _, id := range choosable {
			texts = append(texts, e.packages[id].record.Name)
		}
		return ", a virtual name that is never chosen for: add the package you want, one of " + list(texts)
	case len(fitting) > 0:
		return e.reasons(at, fitting)
	case len(others) > 0:
		return fmt.Sprintf(": only %s is there", list(others))
	default:
		return ": no package of the repositories provides it"
	}
}

// offer describes what there is in place of what is needed.
func (e *explainer) offer(n need, p provider) string {
	if of := e.packages[p.id]; of.name != n.name {
		return fmt.Sprintf("%s=%s of %s", n.Name, p.version, of)
	}
	return e.packages[p.id].String()
}

// reasons says why the packages that would do are out.
func (e *explainer) reasons(at step, ids []packageID) string {
	var texts []string
	for _, id := range slices.Backward(ids) {
		if e.seen[id] {
			continue
		}
		e.seen[id] = true
		if e.cause[id].reason != unmet {
			texts = append(texts, e.reason(id))
			continue
		}
		to := e.join(at.path, id, at.need)
		for _, n := range slices.Backward(e.packages[id].depends) {
			if !e.satisfiable(n) {
				e.steps = append(e.steps, step{to, n})
			}
		}
	}
	if len(texts) == 0 {
		return ""
	}
	slices.Reverse(texts)
	return ": " + list(texts)
}

func (e *explainer) reason(id packageID) string {
	p, why := e.packages[id], e.cause[id]
	if why.reason == corrupt {
		return fmt.Sprintf("%s cannot be used: %s", p, p.broken)
	}
	by := e.path(why.by)
	switch {
	case why.reason == unfit && why.need.Conflict:
		return fmt.Sprintf("%s is excluded by %s", p, of(by, why.need))
	case why.reason == unfit:
		return fmt.Sprintf("%s does not fit %s", p, of(by, why.need))
	case why.reason == foe:
		return fmt.Sprintf("%s of %s excludes %s", why.need, p, by)
	case why.reason == clash:
		return fmt.Sprintf("%s provides %s, as does %s", p, e.names[why.name].text, by)
	case why.reason == crowd:
		return fmt.Sprintf("%s provides %s, as does all that fits %s", p, e.names[why.name].text, of(by, why.need))
	default:
		return p.String() + " was tried and leads to a conflict"
	}
}

func list(texts []string) string {
	if more := len(texts) - maxListed; more > 0 {
		texts = append(slices.Clone(texts[:maxListed]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(texts, ", ")
}
