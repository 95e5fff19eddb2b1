package deflate

import (
	"encoding/binary"
	"math/bits"
)

const (
	hashBits  = 16
	maxDepth  = 100 // nodes of a tree that are looked at for a position
	nodesMask = 2*window - 1
)

// matches are what can be said at each position of a piece instead of a literal: for
// each length the nearest place that has so many bytes in common.
type matches struct {
	all    []token  // of a position after those of the one before; lengths and distances increase
	begins []uint32 // of a position's, in all; one more at the end
}

func (m *matches) at(i int) []token { return m.all[m.begins[i]:m.begins[i+1]] }

// finder finds matches. Positions with the same hash of four bytes are in a binary tree,
// sorted by what follows, with later ones above earlier ones: on the way down to where a
// new one belongs, the nearest of each length is met first, and the tree is divided for the
// new root. Positions are kept plus 1: 0 is none.
type finder struct {
	data  []byte
	short [1 << hashBits][2]uint32 // the last two positions with a hash of three bytes
	roots [1 << hashBits]uint32    // by the hash of four bytes
	nodes [2 * window][2]uint32    // roots of what sorts before and after, by the position's last bits
}

// find gives the matches of data from start on, which may reach back before it.
func find(data []byte, start int) *matches {
	f := &finder{data: data}
	m := &matches{all: make([]token, 0, 2*(len(data)-start)), begins: make([]uint32, 0, len(data)-start+1)}
	for i := range start {
		f.insert(i, nil)
	}
	for i, skip := start, 0; i < len(data); i++ {
		begin := len(m.all)
		m.begins = append(m.begins, uint32(begin))
		if skip > 0 {
			// Inside of a match that cannot be longer nothing is better than the rest of it.
			f.insert(i, nil)
			skip--
			continue
		}
		m.all = f.insert(i, m.all)
		if n := len(m.all); n > begin && m.all[n-1].length() == maxMatch {
			skip = maxMatch - 1
		}
	}
	m.begins = append(m.begins, uint32(len(m.all)))
	return m
}

// insert makes a position known, and appends its matches with those that were known before.
func (f *finder) insert(i int, found []token) []token {
	here := f.data[i:min(len(f.data), i+maxMatch)]
	if len(here) < 4 {
		return found
	}
	next := binary.LittleEndian.Uint32(here)
	longest := minMatch - 1
	if at := f.nearest(i, next<<8); at >= 0 {
		longest = minMatch
		found = append(found, match(minMatch, i-at))
	}
	root := &f.roots[hash(next)]
	at := int(*root) - 1
	*root = uint32(i + 1)
	// Where the next that sorts before, or after, is put, and how many bytes all below have
	// in common with here.
	before, after := &f.nodes[i&nodesMask][0], &f.nodes[i&nodesMask][1]
	commonBefore, commonAfter := 0, 0
	for range maxDepth {
		if at < 0 || i-at > window {
			break
		}
		node := &f.nodes[at&nodesMask]
		there := f.data[at : at+len(here)]
		n := common(here, there, min(commonBefore, commonAfter))
		if n > longest {
			longest = n
			found = append(found, match(n, i-at))
		}
		if n == len(here) { // nothing tells them apart: the new one takes the place of the old one
			*before, *after = node[0], node[1]
			return found
		}
		if there[n] < here[n] {
			*before = uint32(at + 1)
			before, commonBefore, at = &node[1], n, int(node[1])-1
		} else {
			*after = uint32(at + 1)
			after, commonAfter, at = &node[0], n, int(node[0])-1
		}
	}
	*before, *after = 0, 0
	return found
}

// nearest is the last position that has the three bytes above the lowest of next and that a
// match at i can reach, if it is among the last two with their hash; else -1. It makes i
// known.
func (f *finder) nearest(i int, next uint32) int {
	known := &f.short[hash(next)]
	last := *known
	known[0], known[1] = uint32(i+1), last[0]
	for _, p := range last {
		at := int(p) - 1
		if at < 0 || i-at > window {
			break
		}
		if binary.LittleEndian.Uint32(f.data[at:])<<8 == next {
			return at
		}
	}
	return -1
}

func hash(bytes uint32) uint32 { return bytes * 0x9e3779b1 >> (32 - hashBits) }

// common is how many bytes a and b, of one length, have in common, n of which are known.
func common(a, b []byte, n int) int {
	for n+8 <= len(a) && n+8 <= len(b) {
		x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:])
		if x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		n += 8
	}
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
