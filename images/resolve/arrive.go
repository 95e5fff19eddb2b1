package resolve

// arrive notes which packages are there: those that the world leads to. It may
// be fewer than were picked. A virtual name that two packages provide side by
// side leads nowhere if one of them has been reached before for another
// reason, so that the other is not needed. Which of them comes first is up to
// the order of the dependencies, as with apk.
func (s *solver) arrive() {
	for _, n := range s.world {
		if id, ok := s.leads(n); ok {
			s.arriveAt(id)
		}
	}
	s.forget()
}

// leads is the package that a need leads to, if no other fulfils it that is
// there already.
func (s *solver) leads(n need) (packageID, bool) {
	if n.Conflict || s.reached[n.name] > 0 {
		return 0, false
	}
	return s.chosen[n.name], true
}

// arriveAt notes a package and all that it leads to, in the order of the
// dependencies, the deepest first.
func (s *solver) arriveAt(id packageID) {
	type visit struct {
		id packageID
		at int // the next of its dependencies
	}
	var stack []visit
	enter := func(id packageID) {
		s.there[id] = true
		s.arrived = append(s.arrived, id)
		s.count(id, s.reached, 1)
		stack = append(stack, visit{id: id})
	}
	enter(id)
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		depends := s.packages[top.id].depends
		if top.at == len(depends) {
			stack = stack[:len(stack)-1]
			continue
		}
		top.at++
		if to, ok := s.leads(depends[top.at-1]); ok {
			enter(to)
		}
	}
}

// forget starts over with nothing known but what is there, if more was picked:
// that must not stand in the way of anything.
func (s *solver) forget() {
	if len(s.arrived) == s.picks {
		return
	}
	s.levels = nil
	s.undo(s.pruned)
	for _, id := range s.arrived {
		if s.status[id] == open {
			s.include(id, s.cause[id])
			s.pick(id)
		}
	}
	found := s.applyWorld()
	for _, id := range s.added {
		if found == nil {
			found = s.applyAbsence(id)
		}
	}
	if found == nil {
		s.propagate()
	}
}
