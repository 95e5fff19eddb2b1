package resolve

// A survey walks all names that the wanted ones can lead to and gives each a
// place in the order in which choices are made: what others depend on comes
// before them, and names that no package has for its own before those that
// one has. The order is apk's, as choices that exclude each other go by it.
type survey struct {
	*universe

	place    []int // of each name; 0: not reached
	next     int
	entered  []bool // of each name
	opened   []bool // of each package: its dependencies have been walked, or are about to be
	triggers []int  // of each name, how many of its triggers have been walked
	provides []int  // of each package, likewise
	installs []int  // of each package, how many conditions of its install_if
}

// A visit is a name whose walk has begun. The walk is a stack of them and no
// recursion, as a hostile index may have chains of any length.
type visit struct {
	name nameID
	step int
	at   int // which of the providers
	item int // which of its dependencies
}

func newSurvey(u *universe) *survey {
	return &survey{
		universe: u,
		opened:   make([]bool, len(u.packages)),
		provides: make([]int, len(u.packages)),
		installs: make([]int, len(u.packages)),
	}
}

// grow makes room for names that loading dependencies has added.
func (s *survey) grow() {
	if missing := len(s.names) - len(s.place); missing > 0 {
		s.place = append(s.place, make([]int, missing)...)
		s.entered = append(s.entered, make([]bool, missing)...)
		s.triggers = append(s.triggers, make([]int, missing)...)
	}
}

func (s *survey) walk(from nameID) {
	s.grow()
	stack := s.enter(nil, from)
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if to, ok := s.step(top); ok {
			stack = s.enter(stack, to)
		} else {
			stack = stack[:len(stack)-1]
		}
	}
}

func (s *survey) enter(stack []visit, to nameID) []visit {
	if s.entered[to] {
		return stack
	}
	s.entered[to] = true
	return append(stack, visit{name: to})
}

// step is the next name that the visit leads to.
func (s *survey) step(v *visit) (to nameID, ok bool) {
	n := s.names[v.name]
	for ; ; v.step++ {
		switch v.step {
		case 0:
			to, ok = s.dependency(v, n)
		case 1:
			to, ok = s.trigger(v.name)
			v.at = 0
		case 2:
			to, ok = s.relative(v, n)
		case 3:
			s.settle(v.name, n)
			v.at = 0
		case 4:
			to, ok = s.condition(v, n)
		default:
			return 0, false
		}
		if ok {
			return to, true
		}
	}
}

func (s *survey) dependency(v *visit, n *name) (nameID, bool) {
	for ; v.at < len(n.providers); v.at++ {
		id := n.providers[v.at].id
		if v.item == 0 {
			if s.opened[id] {
				continue
			}
			s.opened[id] = true
			s.load(id)
			s.grow()
		}
		if depends := s.packages[id].depends; v.item < len(depends) {
			v.item++
			return depends[v.item-1].name, true
		}
		v.item = 0
	}
	return 0, false
}

// trigger is the next package that may come along with the name.
func (s *survey) trigger(of nameID) (nameID, bool) {
	if triggers := s.names[of].triggers; s.triggers[of] < len(triggers) {
		s.triggers[of]++
		return triggers[s.triggers[of]-1], true
	}
	return 0, false
}

// relative is the next name that a provider has besides.
func (s *survey) relative(v *visit, n *name) (nameID, bool) {
	for ; v.at < len(n.providers); v.at++ {
		id := n.providers[v.at].id
		p := s.packages[id]
		if to, ok := s.trigger(p.name); ok {
			return to, true
		}
		if s.provides[id] < len(p.provides) {
			s.provides[id]++
			return p.provides[s.provides[id]-1].name, true
		}
	}
	return 0, false
}

func (s *survey) condition(v *visit, n *name) (nameID, bool) {
	for ; v.at < len(n.providers); v.at++ {
		id := n.providers[v.at].id
		if conditions := s.packages[id].installIf; s.installs[id] < len(conditions) {
			s.installs[id]++
			return conditions[s.installs[id]-1].name, true
		}
	}
	return 0, false
}

func (s *survey) settle(id nameID, n *name) {
	const own = 1 << 40 // more than there can be names
	s.next++
	s.place[id] = s.next
	for _, p := range n.providers {
		if s.packages[p.id].name == id {
			s.place[id] |= own
			return
		}
	}
}
