package resolve

import "slices"

// maxWork bounds a search: providers, dependencies and requests that it may
// look at. The largest package of a real index takes a hundredth of it.
const maxWork = 20_000_000

// propagate follows from what is known all that has to be.
func (s *solver) propagate() *conflict {
	for {
		var found *conflict
		switch {
		case s.work > maxWork:
			return &conflict{hit: nobody}
		case len(s.included) > 0:
			id := s.included[0]
			s.included = s.included[1:]
			found = s.settle(id)
		case len(s.touched) > 0:
			n := s.touched[0]
			s.touched = s.touched[1:]
			s.waiting[n] = false
			s.recheck(n)
			found = s.reconsider(n)
		default:
			return nil
		}
		if found != nil {
			return found
		}
	}
}

// settle draws the conclusions of a package being in.
func (s *solver) settle(id packageID) *conflict {
	for _, p := range s.packages[id].provides {
		n := s.names[p.name]
		for _, other := range n.providers {
			s.work++
			if other.id == id || p.version == "" && other.version == "" {
				continue // many may provide one virtual name
			}
			if c := s.exclude(other.id, cause{reason: clash, by: id, name: p.name}); c != nil {
				return c
			}
		}
		for _, other := range n.opponents {
			if c := s.oppose(other, id, p); c != nil {
				return c
			}
		}
	}
	for _, n := range s.packages[id].depends {
		if c := s.apply(id, n); c != nil {
			return c
		}
	}
	return nil
}

// oppose takes a package out that conflicts with what id provides.
func (s *solver) oppose(other, id packageID, p provide) *conflict {
	if other == id {
		return nil // apk, too, lets a package conflict with itself
	}
	for _, n := range s.packages[other].depends {
		s.work++
		if n.Conflict && n.name == p.name && n.describes(p.version) {
			return s.exclude(other, cause{reason: foe, by: id, need: n})
		}
	}
	return nil
}

// recheck looks at those who depend on a name that has lost providers.
func (s *solver) recheck(id nameID) {
	n := s.names[id]
	dependents := n.choosers
	if s.live[id] == 0 {
		dependents = append(slices.Clip(dependents), n.dependents...)
	}
	for _, dependent := range dependents {
		s.work++
		if s.status[dependent] == open {
			s.check(dependent)
		}
	}
}

// apply makes a dependency hold, of a package that is in or of the world.
func (s *solver) apply(by packageID, n need) *conflict {
	if !n.Conflict {
		s.request(cause{reason: wanted, by: by, need: n, name: n.name})
	}
	for _, p := range s.names[n.name].providers {
		s.work++
		if p.id == by && n.Conflict || n.describes(p.version) != n.Conflict {
			continue
		}
		if c := s.exclude(p.id, cause{reason: unfit, by: by, need: n}); c != nil {
			return c
		}
	}
	return nil
}
