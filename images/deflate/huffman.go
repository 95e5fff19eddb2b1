package deflate

import (
	"cmp"
	"math/bits"
	"slices"
)

// codeLengths gives the lengths in bits of a prefix code for symbols that are so frequent,
// none above limit, with which all of them take the fewest bits. A symbol that does not occur
// has none, and one that is alone 1. This is package-merge: Larmore and Hirschberg, "A fast
// algorithm for optimal length-limited Huffman codes", Journal of the ACM 37 (1990).
func codeLengths(frequencies []uint32, limit int) []uint8 {
	lengths := make([]uint8, len(frequencies))
	symbols := byFrequency(frequencies)
	if len(symbols) == 1 {
		lengths[symbols[0]] = 1
	}
	if len(symbols) < 2 {
		return lengths
	}
	// What is in a level, by weight, is all symbols and packages of two of the level before.
	packed := make([][]bool, limit) // whether the items of a level are packages
	var weights []uint64
	for level := range packed {
		weights, packed[level] = merge(weights, symbols, frequencies)
	}
	// Each level in which a symbol is among those that are taken makes its code longer by a bit.
	take := 2 * (len(symbols) - 1)
	for level := limit - 1; level >= 0; level-- {
		packages := 0
		for i, is := range packed[level][:take] {
			if is {
				packages++
			} else {
				lengths[symbols[i-packages]]++
			}
		}
		take = 2 * packages
	}
	return lengths
}

// byFrequency lists the symbols that occur, the rarest first.
func byFrequency(frequencies []uint32) []int {
	var symbols []int
	for s, f := range frequencies {
		if f > 0 {
			symbols = append(symbols, s)
		}
	}
	slices.SortFunc(symbols, func(a, b int) int {
		return cmp.Or(cmp.Compare(frequencies[a], frequencies[b]), cmp.Compare(a, b))
	})
	return symbols
}

// merge gives the weights of a level, given those of the level before, and which are of packages.
func merge(before []uint64, symbols []int, frequencies []uint32) (weights []uint64, packed []bool) {
	weights, packed = make([]uint64, 0, 2*len(symbols)), make([]bool, 0, 2*len(symbols))
	for len(symbols) > 0 || len(before) > 1 {
		is := len(symbols) == 0 || len(before) > 1 && before[0]+before[1] < uint64(frequencies[symbols[0]])
		packed = append(packed, is)
		if is {
			weights, before = append(weights, before[0]+before[1]), before[2:]
		} else {
			weights, symbols = append(weights, uint64(frequencies[symbols[0]])), symbols[1:]
		}
	}
	return weights, packed
}

// codeWords gives the canonical code with the lengths (RFC 1951, 3.2.2), the first bit
// lowest, as it is written.
func codeWords(lengths []uint8) []uint16 {
	var next [maxCodeBits + 2]uint16 // of a length
	for _, n := range lengths {
		if n > 0 {
			next[n+1]++
		}
	}
	for n := 1; n < len(next); n++ {
		next[n] = (next[n] + next[n-1]) << 1
	}
	words := make([]uint16, len(lengths))
	for s, n := range lengths {
		if n > 0 {
			words[s] = bits.Reverse16(next[n]) >> (16 - n)
			next[n]++
		}
	}
	return words
}
