package size

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
	"sort"
)

// mostFilling is how many bytes the compilers fill up to: less than the largest
// alignment that they use for code and tables.
const mostFilling = 64

// fill gives what is between the symbols of loaded regions an owner too.
func (d *division) fill() {
	references := d.references()
	var all []piece
	next := 0
	for i, r := range d.regions {
		if !r.loaded() {
			continue
		}
		before := piece{region: i, start: r.addr, end: r.addr}
		for ; next < len(d.pieces) && d.pieces[next].region == i; next++ {
			p := d.pieces[next]
			all = append(all, d.gap(before, p.start, references)...)
			all = append(all, p)
			before = p
		}
		all = append(all, d.gap(before, r.addr+r.size, references)...)
	}
	d.pieces = all
}

// gap divides what is between a piece and an address. before is empty where nothing
// is before it in its region.
func (d *division) gap(before piece, end uint64, references []reference) []piece {
	if end <= before.end {
		return nil
	}
	r := d.regions[before.region]
	p := piece{region: before.region, start: before.end, end: end, owner: before.owner}
	data := d.bytes(r)[p.start-r.addr : end-r.addr]
	switch {
	case r.name == unwinding && d.owners != nil:
		return d.frames(p, data)
	case before.symbol == "" && !d.content(r):
		p.owner = owner{component: d.structure()}
		return []piece{p}
	case before.symbol == "":
		// What nobody refers to is at least not the linker's.
		p.owner = owner{component: d.component}
		if d.owners == nil || r.code() {
			return []piece{p}
		}
	case before.start == before.end: // a label: what it names goes on to the next
		p.symbol = before.symbol
		if r.code() {
			return []piece{p}
		}
	case r.code() || len(data) < mostFilling && zero(data):
		p.symbol = Alignment
		return []piece{p}
	}
	return d.split(p, data, references)
}

// unwinding is the section with a record for each function that can be unwound.
const unwinding = ".eh_frame"

// frames gives each record of how to unwind to whom it is of. What is of none is the
// linker's.
func (d *division) frames(p piece, data []byte) (all []piece) {
	o := binary.LittleEndian
	p.symbol = ""
	for addr, end := p.start, p.end; addr < end; {
		rest := data[addr-p.start:]
		record := piece{region: p.region, start: addr, end: end, owner: owner{component: Linker}}
		if len(rest) >= 12 {
			// A length that does not count itself, where the common record is (or 0, for
			// one of those), and the function's address from there on.
			if size := uint64(o.Uint32(rest)) + 4; size < uint64(len(rest)) {
				record.end = addr + size
			}
			at := addr + 8 + uint64(int64(int32(o.Uint32(rest[8:])))) //nolint:gosec // wraps around, as in the processor
			if i := d.index(at); o.Uint32(rest[4:]) != 0 && i >= 0 {
				record.owner = d.pieces[i].owner
			}
		}
		all = append(all, record)
		addr = record.end
	}
	return all
}

// content reports whether a region is from source files. The tables of the linker and
// the loader have types of their own, or fixed names.
func (d *division) content(r region) bool {
	if slices.Contains([]string{".plt", ".plt.got", ".plt.sec", ".got", ".got.plt", ".eh_frame_hdr"}, r.name) {
		return false
	}
	i := slices.IndexFunc(d.file.Sections, func(s *elf.Section) bool { return s.Name == r.name && s.Type == elf.SHT_PROGBITS })
	return i >= 0
}

// split divides a gap where something refers to, for there something begins.
func (d *division) split(p piece, data []byte, references []reference) (all []piece) {
	base := p.start
	name := func(q piece) piece {
		if q.symbol == "" {
			q.symbol = kind(data[q.start-base : q.end-base])
		}
		return q
	}
	i := sort.Search(len(references), func(i int) bool { return references[i].to >= p.start })
	for ; i < len(references) && references[i].to < p.end; i++ {
		ref := references[i]
		if ref.to > p.start {
			head := p
			head.end = ref.to
			all = append(all, name(head))
		}
		p.start, p.symbol, p.owner = ref.to, "", ref.by
	}
	return append(all, name(p))
}

// kind says what bytes without a symbol are.
func kind(data []byte) string {
	if zero(data) && len(data) < mostFilling {
		return Alignment
	}
	text := bytes.TrimRight(data, "\x00")
	if len(text) == len(data) {
		return Constants
	}
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0 || c == 0x7f {
			return Constants
		}
	}
	return Strings
}

func zero(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }
