package size

import (
	"cmp"
	"slices"
)

// A Change is something whose size differs. 0 means that there is none.
type Change struct {
	Name          string
	Before, After int64
}

// Delta is how many bytes it has grown by.
func (c Change) Delta() int64 { return c.After - c.Before }

// A Difference is how the sizes of two images differ. Each list has the largest
// change first; those are empty of which one side knows nothing.
type Difference struct {
	Name       string // of the image before
	Detail     Detail // what both know
	Disk       Change
	Compressed Change // unknown, and 0, where one side does not say
	Files      []Change
	Components []Change
	Sections   []Change // of programs
	Symbols    []Change
}

// Compare compares two images for one platform. name is how the one before is called.
func Compare(name string, before, after Platform) Difference {
	d := Difference{
		Name: name, Detail: min(before.Detail, after.Detail),
		Disk: Change{"on disk", before.Disk, after.Disk}, Compressed: Change{"compressed", before.Compressed, after.Compressed},
	}
	d.Files = changes(before, after, func(f File, _ Part) string { return f.Path })
	d.Sections = changes(before, after, func(f File, p Part) string {
		if p.Section == "" {
			return Rest
		}
		return f.Path + " " + p.Section
	})
	if d.Detail >= Symbols {
		both := withSymbols(before, after)
		d.Symbols = changes(before, after, func(f File, p Part) string {
			switch {
			case p.Symbol == "" || !both[f.Path]:
				return Rest
			case d.Detail == Components:
				return p.Component + " " + p.Symbol
			}
			return f.Path + " " + p.Symbol
		})
	}
	if d.Detail == Components {
		d.Components = changes(before, after, func(_ File, p Part) string { return p.Component })
	}
	return d
}

// withSymbols are the files of which both sides know the symbols, or that only one has.
func withSymbols(before, after Platform) map[string]bool {
	all := map[string]bool{}
	for _, f := range before.Files {
		all[f.Path] = f.HasSymbols()
	}
	for _, f := range after.Files {
		known, ok := all[f.Path]
		all[f.Path] = f.HasSymbols() && (known || !ok)
	}
	return all
}

func changes(before, after Platform, key func(File, Part) string) (all []Change) {
	by := map[string]*Change{}
	at := func(name string) *Change {
		if by[name] == nil {
			by[name] = &Change{Name: name}
		}
		return by[name]
	}
	for _, a := range before.Sum(key) {
		at(a.Name).Before = a.Bytes
	}
	for _, a := range after.Sum(key) {
		at(a.Name).After = a.Bytes
	}
	for name, c := range by {
		if name != Rest && c.Before != c.After {
			all = append(all, *c)
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(abs(b.Delta()), abs(a.Delta())), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func abs(n int64) int64 { return max(n, -n) }
