package resolve

import "slices"

// include puts a package in that is open. Its names are not settled by that:
// where several packages may provide one side by side, the best is taken when
// the name's turn has come, and not the one that happens to be there.
func (s *solver) include(id packageID, why cause) {
	s.set(id, in, why)
	s.included = append(s.included, id)
}

// pick settles the names of a package that is in.
func (s *solver) pick(id packageID) {
	s.picks++
	s.trail = append(s.trail, change{of: ofPick, id: id})
	for _, p := range s.packages[id].provides {
		if s.inside[p.name] == 0 {
			s.chosen[p.name] = id
		}
	}
	s.count(id, s.inside, 1)
}

// exclude takes a package out, which is a conflict if it is in.
func (s *solver) exclude(id packageID, why cause) *conflict {
	switch s.status[id] {
	case out:
	case in:
		return &conflict{hit: id, cause: why}
	default:
		s.set(id, out, why)
		s.count(id, s.live, -1)
		for _, p := range s.packages[id].provides {
			s.touch(p.name)
		}
	}
	return nil
}

func (s *solver) set(id packageID, to status, why cause) {
	s.status[id], s.cause[id] = to, why
	s.trail = append(s.trail, change{of: ofStatus, id: id})
}

// count adds to a number that the names of a package have.
func (s *solver) count(id packageID, of []int, add int) {
	for _, p := range s.packages[id].provides {
		of[p.name] += add
	}
}

// touch has a name looked at.
func (s *solver) touch(id nameID) {
	if !s.waiting[id] {
		s.waiting[id] = true
		s.touched = append(s.touched, id)
	}
}

// request notes that some package has to provide the name.
func (s *solver) request(why cause) {
	id := why.name
	s.required[id]++
	s.trail = append(s.trail, change{of: ofRequest, name: id})
	if s.required[id] > 1 {
		return
	}
	s.asked[id] = why
	s.active = append(s.active, id)
	s.touch(id)
	// Those of this very name may now be chosen for their virtual names.
	for _, p := range s.names[id].providers {
		if s.packages[p.id].name != id {
			continue
		}
		for _, other := range s.packages[p.id].provides {
			s.work++
			if s.required[other.name] > 0 {
				s.touch(other.name)
			}
		}
	}
}

// undo takes back all changes but the first.
func (s *solver) undo(keep int) {
	for _, c := range slices.Backward(s.trail[keep:]) {
		switch c.of {
		case ofRequest:
			s.required[c.name]--
			if s.required[c.name] == 0 {
				s.active = s.active[:len(s.active)-1]
			}
		case ofPick:
			s.picks--
			s.count(c.id, s.inside, -1)
		default:
			if s.status[c.id] == out {
				s.count(c.id, s.live, 1)
			}
			s.status[c.id] = open
		}
	}
	s.trail = s.trail[:keep]
	s.included = s.included[:0]
	for _, n := range s.touched {
		s.waiting[n] = false
	}
	s.touched = s.touched[:0]
}
