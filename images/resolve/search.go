package resolve

import (
	"cmp"
	"slices"
)

// solve finds the packages that the world needs, and nothing else.
func (s *solver) solve() error {
	if missing := s.missing(); len(missing) > 0 {
		return &Error{missing}
	}
	if s.search(0, s.applyWorld()) {
		s.arrive()
		return nil
	}
	if s.work > maxWork {
		return &Error{append([]string{tooMuch}, s.report...)}
	}
	return &Error{s.report}
}

// tooMuch is said instead of searching for hours.
const tooMuch = "gave up: there are too many combinations of packages to try them all; add or exclude some by name"

// missing are the problems of what the world asks for and can never have.
func (s *solver) missing() []string {
	var problems []string
	e := newExplainer(s)
	for _, n := range s.world {
		if len(problems) >= maxProblems {
			return append(problems, "and more")
		}
		if !s.satisfiable(n) {
			problems = append(problems, e.unmet(nil, n)...)
		}
	}
	return problems
}

func (s *solver) applyWorld() *conflict {
	for _, n := range s.world {
		if c := s.apply(nobody, n); c != nil {
			return c
		}
	}
	return nil
}

// search makes choices until nothing is left to choose, starting from a
// conflict if there is one. It does not take back the levels below floor.
func (s *solver) search(floor int, found *conflict) bool {
	for {
		if found == nil {
			found = s.propagate()
		}
		if s.work > maxWork {
			return false
		}
		if found == nil {
			var chosen bool
			if chosen, found = s.choose(); chosen {
				continue
			}
			if found == nil {
				return true
			}
		}
		if s.report == nil {
			s.report = newExplainer(s).conflict(found)
		}
		if len(s.levels) == floor {
			return false
		}
		found = s.retreat()
	}
}

// choose settles the names that are asked for, in their order, until one
// leaves a choice, and chooses. It is a conflict if what remains are virtual
// names that only people can choose for.
func (s *solver) choose() (chosen bool, stuck *conflict) {
	var pending []nameID
	for _, id := range s.active {
		if s.inside[id] == 0 {
			pending = append(pending, id)
		}
	}
	slices.SortFunc(pending, func(a, b nameID) int { return cmp.Compare(s.place[a], s.place[b]) })
	for _, id := range pending {
		s.work++
		if s.inside[id] > 0 {
			continue
		}
		best, ok := s.best(id)
		switch {
		case !ok:
		case s.status[best] == in:
			s.pick(best)
		default:
			s.decide(best, s.asked[id])
			return true, nil
		}
	}
	for _, id := range pending {
		if s.inside[id] == 0 {
			return false, &conflict{name: id, hit: nobody}
		}
	}
	return false, nil
}

// decide makes a choice.
func (s *solver) decide(id packageID, why cause) {
	s.levels = append(s.levels, level{id, len(s.trail)})
	s.include(id, why)
	s.pick(id)
}

// retreat takes the last choice back, and rules it out.
func (s *solver) retreat() *conflict {
	last := s.levels[len(s.levels)-1]
	s.levels = s.levels[:len(s.levels)-1]
	s.undo(last.trail)
	return s.exclude(last.chosen, cause{reason: tried})
}

// best is the provider of the name that apk prefers. This is no order: a
// virtual provider is neither better nor worse than a versioned one by its
// version. So they are compared one by one, as apk does.
func (s *solver) best(id nameID) (packageID, bool) {
	var best provider
	found := false
	for _, p := range s.names[id].providers {
		s.work++
		if s.status[p.id] != out && s.selectable(p) && (!found || s.better(p, best)) {
			best, found = p, true
		}
	}
	return best.id, found
}

func (s *solver) better(a, b provider) bool {
	pa, pb := s.packages[a.id], s.packages[b.id]
	if a.version != "" && b.version != "" {
		if c := order(a.version, b.version, false); c != 0 {
			return c > 0
		}
	}
	if pa.name == pb.name {
		if c := order(pa.record.Version, pb.record.Version, false); c != 0 {
			return c > 0
		}
	}
	if pa.record.Priority != pb.record.Priority {
		return pa.record.Priority > pb.record.Priority
	}
	return pa.repository < pb.repository
}
