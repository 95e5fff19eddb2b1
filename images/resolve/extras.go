package resolve

import "slices"

// addExtras adds the packages that ask to be there when others are, with what
// they depend on, until there are no more. One that does not fit is left out.
// Those that ask for something to be absent come last, when it is known what
// is there.
func (s *solver) addExtras() error {
	s.report = []string{}
	rejected := map[packageID]bool{}
	for {
		id, ok := s.extra(rejected)
		if !ok {
			return nil
		}
		if s.tryExtra(id) {
			clear(rejected) // with more packages there, they may fit
		} else {
			rejected[id] = true
		}
		if s.work > maxWork {
			return &Error{[]string{tooMuch}}
		}
	}
}

// extra is the next package whose conditions are fulfilled.
func (s *solver) extra(rejected map[packageID]bool) (best packageID, ok bool) {
	for _, id := range s.extras {
		if s.status[id] == open && !rejected[id] && s.triggered(id) && (!ok || s.sooner(id, best)) {
			best, ok = id, true
		}
	}
	return best, ok
}

func (s *solver) sooner(a, b packageID) bool {
	pa, pb := s.packages[a], s.packages[b]
	negative := func(n need) bool { return n.Conflict }
	if na, nb := slices.ContainsFunc(pa.installIf, negative), slices.ContainsFunc(pb.installIf, negative); na != nb {
		return nb
	}
	return s.place[pa.name] < s.place[pb.name]
}

// triggered says whether all conditions hold. One of them must be that
// something is there: what only asks for absence is never thought of.
func (s *solver) triggered(id packageID) bool {
	some := false
	for _, n := range s.packages[id].installIf {
		s.work++
		there := s.reached[n.name] > 0 && slices.ContainsFunc(s.names[n.name].providers, func(p provider) bool {
			s.work++
			return s.there[p.id] && n.describes(p.version)
		})
		if there == n.Conflict {
			return false
		}
		some = some || !n.Conflict
	}
	return some
}

// tryExtra adds the package, or changes nothing.
func (s *solver) tryExtra(id packageID) bool {
	before := len(s.levels)
	s.decide(id, cause{reason: wanted, by: id})
	if s.search(before+1, s.applyAbsence(id)) {
		s.added = append(s.added, id)
		s.arriveAt(id)
		s.forget()
		return true
	}
	s.undo(s.levels[before].trail)
	s.levels = s.levels[:before]
	return false
}

// applyAbsence keeps out what a package has asked to be absent.
func (s *solver) applyAbsence(id packageID) *conflict {
	for _, n := range s.packages[id].installIf {
		if !n.Conflict {
			continue
		}
		if c := s.apply(id, n); c != nil {
			return c
		}
	}
	return nil
}
