package size

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Program is an ELF file to divide.
type Program struct {
	Data       []byte  // as it is in the image
	Unstripped []byte  // the same with a symbol table; nil to use what Data has
	Component  string  // whose it is
	Owners     *Owners // of its symbols; nil if all are the component's
}

// Divide says who owns each byte of a program. What is no ELF file is one part.
func Divide(name string, in Program) (File, error) {
	if !isELF(in.Data) {
		return Whole(name, in.Component, "", int64(len(in.Data))), nil
	}
	p, err := readProgram(in.Data)
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", name, err)
	}
	named := p
	if in.Unstripped != nil {
		if named, err = readProgram(in.Unstripped); err != nil {
			return File{}, fmt.Errorf("reading %s with its symbols: %w", name, err)
		}
		if err := p.sameAs(named); err != nil {
			return File{}, fmt.Errorf("reading %s with its symbols: %w", name, err)
		}
	}
	symbols, err := named.readSymbols()
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", name, err)
	}
	d := division{program: p, component: in.Component, owners: in.Owners}
	d.symbols(symbols)
	d.fill()
	return File{Path: name, Bytes: int64(len(in.Data)), Parts: d.parts()}, nil
}

// sameAs reports a loaded section that is not where the other program has it: then
// the symbols of one say nothing of the other.
func (p *program) sameAs(other *program) error {
	for _, r := range p.regions {
		if r.loaded() && !slices.Contains(other.regions, r) {
			return fmt.Errorf("section %s is elsewhere: the two are not of the same link; build it again", r.name)
		}
	}
	return nil
}

// piece is a part with its place in memory.
type piece struct {
	region     int // index
	start, end uint64
	symbol     string
	owner      owner
	local      bool // nobody outside its source file knows the symbol
}

type division struct {
	*program

	component string
	owners    *Owners
	pieces    []piece // by address, not overlapping; those of symbols, and at last all of loaded regions
}

// symbols gives each symbol its bytes. Names of the same bytes count once.
func (d *division) symbols(all []symbol) {
	end := uint64(0)
	for _, s := range all {
		i := slices.IndexFunc(d.regions, func(r region) bool { return r.contains(s.addr) })
		if i < 0 {
			continue // of memory that has no bytes in the file
		}
		r := d.regions[i]
		start, stop := max(s.addr, end), s.addr+min(s.size, r.addr+r.size-s.addr)
		if s.size == 0 {
			stop = start
		}
		if stop < start || stop == start && s.addr < end || s.size == 0 && !d.defines(s.name) {
			continue
		}
		end = stop
		d.pieces = append(d.pieces, piece{region: i, start: start, end: stop, symbol: s.name, owner: owner{source: s.file}, local: s.local})
	}
	d.resolve()
}

// named is what a symbol is looked for by. What C calls __func__ has the name of its
// function, and is one for all of a source file here.
func (d *division) named(p *piece) string {
	base, _, _ := strings.Cut(p.symbol, ".")
	if base != "__func__" && base != "__FUNCTION__" {
		return p.symbol
	}
	p.symbol = base
	r := d.regions[p.region]
	text, _, _ := bytes.Cut(d.bytes(r)[p.start-r.addr:p.end-r.addr], []byte{0})
	return string(text)
}

// defines reports whether a label is of a source file, and not of the linker.
func (d *division) defines(name string) bool {
	return d.owners != nil && d.owners.candidates(name) != nil
}

// resolve says whose the pieces are: first those whose name only one object has, then
// the others by what is around them.
func (d *division) resolve() {
	if d.owners == nil {
		for i := range d.pieces {
			d.pieces[i].owner.component = d.component
		}
		return
	}
	known := make([]bool, len(d.pieces))
	candidates := make([][]owner, len(d.pieces))
	for i := range d.pieces {
		p := &d.pieces[i]
		name := d.named(p)
		found := sameFile(d.owners.candidates(name), p.owner.source)
		switch {
		case len(found) == 1:
			p.owner, known[i] = found[0], true
		case len(found) > 1:
			candidates[i] = found
		case !p.local || d.regions[p.region].code() || strings.HasPrefix(name, ownPrefix):
			p.owner, known[i] = d.owners.own(name), true
		}
	}
	before := owner{component: d.owners.main}
	for i := range d.pieces {
		p := &d.pieces[i]
		switch {
		case known[i]:
		case candidates[i] != nil:
			p.owner = nearest(candidates[i], before, d.pieces, known, i)
		default:
			p.owner = d.unlisted(p.symbol, before, known, i)
		}
		before = p.owner
	}
}

// sameFile keeps those candidates that are of a source file, if the symbol table names
// one that is among them.
func sameFile(candidates []owner, file string) []owner {
	stem := func(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }
	for _, c := range candidates {
		if file != "" && stem(c.source) == stem(file) {
			return []owner{c}
		}
	}
	return candidates
}

// unlisted is the owner of local data that no object has a section for: link-time
// optimization keeps arrays of letters elsewhere. It is of what is around
// it, where that is of one component.
func (d *division) unlisted(symbol string, before owner, known []bool, at int) owner {
	for i := at + 1; i < min(at+window, len(known)); i++ {
		if known[i] && d.pieces[i].region == d.pieces[at].region {
			if d.pieces[i].owner.component == before.component {
				return before
			}
			break
		}
	}
	return d.owners.own(symbol)
}

// window is how many symbols after one are looked at.
const window = 64

// nearest chooses among the objects that define a symbol: the one before it, the next
// one after it that is among them, one of the component before it, or the first.
func nearest(candidates []owner, before owner, all []piece, known []bool, at int) owner {
	if slices.Contains(candidates, before) {
		return before
	}
	for i := at + 1; i < min(at+window, len(all)); i++ {
		if known[i] && all[i].region == all[at].region && slices.Contains(candidates, all[i].owner) {
			return all[i].owner
		}
	}
	for _, c := range candidates {
		if c.component == before.component {
			return c
		}
	}
	return candidates[0]
}

// parts adds up the pieces, and what is not loaded, by what is said of them.
func (d *division) parts() []Part {
	sums := map[Part]int64{}
	for _, p := range d.pieces {
		sums[Part{Component: p.owner.component, Source: clean(p.owner.source), Section: clean(d.regions[p.region].name), Symbol: clean(p.symbol)}] += int64(p.end - p.start) //nolint:gosec // below the size of the file
	}
	for _, r := range d.regions {
		if !r.loaded() {
			sums[Part{Component: d.structure(), Section: clean(r.name)}] += int64(r.size) //nolint:gosec // as above
		}
	}
	all := make([]Part, 0, len(sums))
	for p, n := range sums {
		if p.Bytes = n; n > 0 {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Source, b.Source),
			cmp.Compare(a.Section, b.Section), cmp.Compare(a.Symbol, b.Symbol))
	})
	return all
}

// structure is whose the bytes are that no source file has: the linker's where several
// components are in one program.
func (d *division) structure() string {
	if d.owners != nil {
		return Linker
	}
	return d.component
}
