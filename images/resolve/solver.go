package resolve

import (
	"slices"
	"strings"
)

// nobody stands for the world where a package could have asked.
const nobody packageID = -1

type status int8

const (
	open status = iota // not known yet
	in
	out
)

// A reason says why a package is in or out.
type reason int8

const (
	unmet   reason = iota // out: its dependency need can have no provider
	wanted                // in: by asks for it
	tried                 // out: it was chosen, and that did not work out
	unfit                 // out: by asks for another version of it, or for none
	foe                   // out: its dependency need conflicts with by
	clash                 // out: by, too, provides name
	crowd                 // out: it provides name, as does whatever else by's need can be
	corrupt               // out: its record cannot be read
)

// A cause is a reason with whom and what it is about.
type cause struct {
	reason reason
	by     packageID
	need   need
	name   nameID
}

// A solver searches a set of packages that the world needs. What is known is
// followed to its end first (propagate), then the most pressing choice is made
// (choose), and where that ends in a conflict all since is undone (retreat).
type solver struct {
	*universe

	world []need
	place []int // of names: see survey

	// Of each package:
	status []status
	cause  []cause
	there  []bool   // the world leads to it: see arrive
	via    []nameID // the name that it was last looked at for

	// Of each name:
	live     []int       // how many of its providers are not out
	inside   []int       // how many are picked
	chosen   []packageID // who was picked first
	reached  []int       // how many are there
	required []int       // how often it is asked for
	asked    []cause     // by whom first
	waiting  []bool      // whether it is in touched
	shared   []int       // scratch
	virtual  []bool      // scratch

	active []nameID // those asked for
	trail  []change
	levels []level

	included []packageID // whose consequences are to be drawn
	touched  []nameID    // that are to be looked at

	picks   int         // how many packages are in and their names settled
	pruned  int         // how long the trail was when the search began
	arrived []packageID // those that are there
	added   []packageID // of these, by an install_if
	work    int
	report  []string // of the first conflict; not nil if nobody wants to know
}

// A change is what retreat undoes: of a package its status or that it was
// picked, of a name that it was asked for once more.
type change struct {
	of   subject
	id   packageID
	name nameID
}

type subject int8

const (
	ofStatus subject = iota
	ofPick
	ofRequest
)

// A level is a choice: the package, and how long the trail was before.
type level struct {
	chosen packageID
	trail  int
}

// A conflict is what cannot be: a name that is asked for with no provider
// left, or hit, a package that is in and must be out for the cause.
type conflict struct {
	name  nameID
	hit   packageID // or nobody
	cause cause
}

func newSolver(u *universe, world []need) *solver {
	// In the order of names, as with apk: that of the world is of no matter.
	world = slices.Clone(world)
	slices.SortStableFunc(world, func(a, b need) int { return strings.Compare(a.String(), b.String()) })
	survey := newSurvey(u)
	for _, n := range world {
		survey.walk(n.name)
	}
	packages, names := len(u.packages), len(u.names)
	s := &solver{
		universe: u,
		world:    world,
		place:    survey.place,
		status:   make([]status, packages),
		cause:    make([]cause, packages),
		there:    make([]bool, packages),
		via:      make([]nameID, packages),
		live:     make([]int, names),
		inside:   make([]int, names),
		chosen:   make([]packageID, names),
		reached:  make([]int, names),
		required: make([]int, names),
		asked:    make([]cause, names),
		waiting:  make([]bool, names),
		shared:   make([]int, names),
		virtual:  make([]bool, names),
	}
	for i, n := range u.names {
		s.live[i] = len(n.providers)
	}
	s.prune(survey.opened)
	s.propagate()
	s.pruned = len(s.trail)
	return s
}

// prune takes out of the reachable packages those that can never be in.
func (s *solver) prune(reachable []bool) {
	for i, p := range s.packages {
		id := packageID(i)
		switch {
		case !reachable[i]:
		case p.broken != nil:
			s.exclude(id, cause{reason: corrupt})
		default:
			s.check(id)
		}
	}
}

// check takes a package out that is not in if one of its dependencies has no
// provider left.
func (s *solver) check(id packageID) {
	for _, n := range s.packages[id].depends {
		s.work++
		if !s.satisfiable(n) {
			s.exclude(id, cause{reason: unmet, need: n})
			return
		}
	}
}

func (s *solver) satisfiable(n need) bool {
	if n.Conflict {
		return true
	}
	if n.Op == "" || s.live[n.name] == 0 {
		return s.live[n.name] > 0
	}
	return slices.ContainsFunc(s.names[n.name].providers, func(p provider) bool {
		s.work++
		return s.status[p.id] != out && n.describes(p.version)
	})
}
