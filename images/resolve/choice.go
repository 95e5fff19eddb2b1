package resolve

import "slices"

// longest is the length of a chain at which its middle is left out: chains of
// a hostile index would not fit into memory.
const longest = 40

// A trace finds out why the packages that are in are there.
type trace struct {
	*solver

	chains map[packageID][]string
	queue  []packageID
}

// choices are the packages that are in, each with the shortest chain.
func (s *solver) choices() []Choice {
	t := trace{solver: s, chains: map[packageID][]string{}}
	for _, n := range s.world {
		t.reach(n, []string{n.String()})
	}
	t.follow()
	for _, id := range s.added {
		t.chains[id] = t.because(id)
		t.queue = append(t.queue, id)
		t.follow()
	}
	var choices []Choice
	for i, p := range s.packages {
		if chain, ok := t.chains[packageID(i)]; ok {
			choices = append(choices, Choice{*p.record, chain})
		}
	}
	return choices
}

// reach notes the packages that fulfil a dependency.
func (t *trace) reach(n need, chain []string) {
	if n.Conflict {
		return
	}
	for _, p := range t.names[n.name].providers {
		if _, known := t.chains[p.id]; !known && t.there[p.id] {
			t.chains[p.id] = chain
			t.queue = append(t.queue, p.id)
		}
	}
}

func (t *trace) follow() {
	for len(t.queue) > 0 {
		id := t.queue[0]
		t.queue = t.queue[1:]
		chain := t.beyond(id)
		for _, n := range t.packages[id].depends {
			t.reach(n, chain)
		}
	}
}

// beyond is the chain of what the package asks for.
func (t *trace) beyond(id packageID) []string {
	chain, text := t.chains[id], t.packages[id].record.Name
	switch {
	case len(chain) == 1 && chain[0] == text:
		return chain
	case len(chain) >= longest:
		return append(append(slices.Clone(chain[:1]), "..."), append(slices.Clone(chain[3:]), text)...)
	}
	return append(slices.Clone(chain), text)
}

// because is the chain of a package that an install_if has added: that of what
// fulfils the first of its conditions.
func (t *trace) because(id packageID) []string {
	for _, n := range t.packages[id].installIf {
		for _, p := range t.names[n.name].providers {
			if t.chains[p.id] != nil && p.id != id && !n.Conflict {
				return t.beyond(p.id)
			}
		}
	}
	return nil
}
