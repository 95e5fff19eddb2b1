package size

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"slices"
	"sort"
)

// reference is that something with an owner has the address of something else.
type reference struct {
	to uint64
	by owner
}

// references are those to bytes without a symbol, by address; of several to the same
// place, the first in memory is kept.
func (d *division) references() (all []reference) {
	if d.owners == nil {
		return nil
	}
	add := func(from, to uint64) {
		i := d.index(from)
		if i < 0 {
			return
		}
		if j := d.index(to); j >= 0 {
			return // it has a symbol
		}
		if r, ok := d.at(to); !ok || r.code() {
			return
		}
		all = append(all, reference{to, d.pieces[i].owner})
	}
	for _, r := range d.regions {
		switch {
		case r.code() && d.file.Machine == elf.EM_X86_64:
			d.instructions(r, add)
		case r.name == ".relr.dyn":
			d.relocations(d.bytes(r), add)
		}
	}
	slices.SortStableFunc(all, func(a, b reference) int { return cmp.Compare(a.to, b.to) })
	return slices.CompactFunc(all, func(a, b reference) bool { return a.to == b.to })
}

// index is which piece has the byte at an address, or -1.
func (d *division) index(addr uint64) int {
	i := sort.Search(len(d.pieces), func(i int) bool { return d.pieces[i].end > addr })
	if i < len(d.pieces) && d.pieces[i].start <= addr {
		return i
	}
	return -1
}

// instructions finds the operands of x86-64 that are relative to the instruction: a
// ModRM byte with mod 0 and r/m 5, and four bytes. Other bytes may look the same, but
// seldom lead to the small part of memory without symbols.
func (d *division) instructions(r region, add func(from, to uint64)) {
	low, high := d.span()
	data := d.bytes(r)
	for i := 1; i+4 <= len(data); i++ {
		if data[i-1]&0xc7 != 0x05 {
			continue
		}
		from := r.addr + uint64(i)
		to := from + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(data[i:])))) //nolint:gosec // wraps around, as in the processor
		if to >= low && to < high {
			add(from, to)
		}
	}
}

// span is from the first to the last byte of what is loaded and no code.
func (d *division) span() (low, high uint64) {
	low = ^uint64(0)
	for _, r := range d.regions {
		if r.loaded() && !r.code() {
			low, high = min(low, r.addr), max(high, r.addr+r.size)
		}
	}
	return low, high
}

// relocations reads the table of places with addresses: each even entry is one of
// them, and each odd one says of the 63 words that follow which of them are.
func (d *division) relocations(table []byte, add func(from, to uint64)) {
	o := binary.LittleEndian
	word := func(at uint64) {
		r, ok := d.at(at)
		if ok && r.addr+r.size-at >= 8 {
			add(at, o.Uint64(d.bytes(r)[at-r.addr:]))
		}
	}
	var next uint64
	for ; len(table) >= 8; table = table[8:] {
		entry := o.Uint64(table)
		if entry&1 == 0 {
			word(entry)
			next = entry + 8
			continue
		}
		for i := range uint64(63) {
			if entry>>(i+1)&1 == 1 {
				word(next + 8*i)
			}
		}
		next += 63 * 8
	}
}
