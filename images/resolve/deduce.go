package resolve

import (
	"cmp"
	"slices"
)

// selectable says whether a provider may be chosen for the name alone: apk
// leaves it to people which package a virtual name means, unless the packages
// have priorities or somebody asks for one by its own name.
func (s *solver) selectable(p provider) bool {
	of := s.packages[p.id]
	return p.version != "" || of.record.Priority > 0 || s.required[of.name] > 0
}

// reconsider looks at who is left to provide a name that is asked for.
func (s *solver) reconsider(id nameID) *conflict {
	if s.required[id] == 0 || s.inside[id] > 0 {
		return nil
	}
	var left []provider
	for _, p := range s.names[id].providers {
		s.work++
		if s.status[p.id] != out {
			left = append(left, p)
		}
	}
	switch {
	case len(left) == 0:
		return &conflict{name: id, hit: nobody}
	case len(left) == 1 && s.status[left[0].id] == in:
		return nil
	case len(left) == 1 && s.selectable(left[0]):
		s.include(left[0].id, s.asked[id])
		return nil
	}
	s.requestShared(id, left)
	return s.excludeCrowd(id, left)
}

// requestShared asks for the names that all who are left depend on, so that
// apk and we choose those first.
func (s *solver) requestShared(id nameID, left []provider) {
	s.via[left[0].id] = id
	depends := s.packages[left[0].id].depends
	for _, n := range depends {
		if !n.Conflict {
			s.shared[n.name] = 1
		}
	}
	for i, p := range left[1:] {
		for _, n := range s.packages[p.id].depends {
			s.work++
			if !n.Conflict && s.shared[n.name] == i+1 {
				s.shared[n.name]++
			}
		}
	}
	for _, n := range depends {
		if s.shared[n.name] == len(left) && s.required[n.name] == 0 {
			s.request(cause{reason: wanted, by: left[0].id, need: n, name: n.name})
		}
		s.shared[n.name] = 0
	}
}

// excludeCrowd takes out whatever cannot be beside any of those who are left.
func (s *solver) excludeCrowd(id nameID, left []provider) *conflict {
	provides := s.packages[left[0].id].provides
	for _, p := range provides {
		s.shared[p.name], s.virtual[p.name] = 1, p.version == ""
	}
	for i, p := range left[1:] {
		for _, p := range s.packages[p.id].provides {
			s.work++
			if s.shared[p.name] == i+1 {
				s.shared[p.name]++
				s.virtual[p.name] = s.virtual[p.name] || p.version == ""
			}
		}
	}
	var names []nameID
	for _, p := range provides {
		if s.shared[p.name] == len(left) && p.name != id {
			names = append(names, p.name)
		}
		s.shared[p.name] = 0
	}
	why := s.asked[id]
	why.reason = crowd
	for _, shared := range names {
		if c := s.excludeOthers(shared, left, why); c != nil {
			return c
		}
	}
	return nil
}

// excludeOthers takes out the providers of a name that those who are left all
// provide, too.
func (s *solver) excludeOthers(shared nameID, left []provider, why cause) *conflict {
	for _, p := range s.names[shared].providers {
		s.work++
		if s.status[p.id] == out || p.version == "" && s.virtual[shared] || among(left, p.id) {
			continue
		}
		why.name = shared
		if c := s.exclude(p.id, why); c != nil {
			return c
		}
	}
	return nil
}

// among says whether a package is one of the providers, which are in the order
// of the packages.
func among(providers []provider, id packageID) bool {
	_, found := slices.BinarySearchFunc(providers, id, func(p provider, id packageID) int { return cmp.Compare(p.id, id) })
	return found
}
