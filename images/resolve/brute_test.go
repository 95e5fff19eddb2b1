package resolve

import (
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

// brute judges sets of packages by the rules alone.
type brute struct {
	records []apk.Record
	world   []Dependency
}

func versions(r apk.Record, name string) (found []string) {
	if r.Name == name {
		return []string{r.Version}
	}
	for _, p := range r.Provides {
		if n, v, _ := strings.Cut(p, "="); n == name {
			return []string{v} // the first is the one that counts
		}
	}
	return nil
}

func fits(d Dependency, r apk.Record) bool {
	v := versions(r, d.Name)
	if len(v) == 0 {
		return false
	}
	if d.Op == "" || v[0] == "" {
		return true
	}
	c, err := Compare(v[0], d.Version)
	if err != nil {
		panic(err)
	}
	return map[string]bool{"=": c == 0, "~": c == 0, "<": c < 0, ">": c > 0}[d.Op]
}

func parse(list []string) []Dependency {
	var out []Dependency
	for _, s := range list {
		d, err := ParseDependency(s)
		if err != nil {
			panic(err)
		}
		out = append(out, d)
	}
	return out
}

// holds says whether a dependency is fulfilled in a set, for one of it or the
// world.
func (b brute) holds(set []int, by int, d Dependency) bool {
	some := slices.ContainsFunc(set, func(i int) bool { return (i != by || !d.Conflict) && fits(d, b.records[i]) })
	return some != d.Conflict
}

// fault is why a set is no answer.
func (b brute) fault(set []int) string {
	for _, d := range b.world {
		if !b.holds(set, -1, d) {
			return "the world's " + d.String()
		}
	}
	for k, i := range set {
		for _, d := range parse(b.records[i].Depends) {
			if !b.holds(set, i, d) {
				return b.records[i].File() + " depends " + d.String()
			}
		}
		for _, j := range set[:k] {
			if b.clash(b.records[i], b.records[j]) {
				return b.records[i].File() + " beside " + b.records[j].File()
			}
		}
	}
	if len(b.reached(set, true, func(int, []Dependency) bool { return true })) != len(set) {
		return "not all are asked for"
	}
	return ""
}

func (b brute) clash(p, q apk.Record) bool {
	for _, name := range slices.Concat(realNames, virtualNames) {
		vp, vq := versions(p, name), versions(q, name)
		if len(vp) > 0 && len(vq) > 0 && (vp[0] != "" || vq[0] != "") {
			return true
		}
	}
	return false
}

// reached are those of a set that the world leads to, by choices that may be
// made.
func (b brute) reached(set []int, extras bool, may func(int, []Dependency) bool) []int {
	var found []int
	for {
		n := len(found)
		needs := slices.Clone(b.world)
		for _, i := range found {
			needs = append(needs, parse(b.records[i].Depends)...)
		}
		for _, i := range set {
			if !slices.Contains(found, i) && (b.neededBy(i, needs) && may(i, needs) || extras && b.comesAlong(i, found)) {
				found = append(found, i)
			}
		}
		if len(found) == n {
			return found
		}
	}
}

func (b brute) neededBy(i int, needs []Dependency) bool {
	return slices.ContainsFunc(needs, func(d Dependency) bool { return !d.Conflict && fits(d, b.records[i]) })
}

// choosable says whether one may be chosen without people naming it.
func (b brute) choosable(i int, needs []Dependency) bool {
	r := b.records[i]
	return r.Priority > 0 || slices.ContainsFunc(needs, func(d Dependency) bool {
		return !d.Conflict && (d.Name == r.Name || fits(d, r) && versions(r, d.Name)[0] != "")
	})
}

func (b brute) comesAlong(i int, found []int) bool {
	conditions := parse(b.records[i].InstallIf)
	return slices.ContainsFunc(conditions, func(d Dependency) bool { return !d.Conflict }) &&
		!slices.ContainsFunc(conditions, func(d Dependency) bool { return !d.Conflict && !b.holds(found, i, d) })
}

func (b brute) sets() [][]int {
	var all [][]int
	for bits := range 1 << len(b.records) {
		var set []int
		for i := range b.records {
			if bits>>i&1 == 1 {
				set = append(set, i)
			}
		}
		all = append(all, set)
	}
	return all
}
