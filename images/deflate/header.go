package deflate

// toldOrder is that in which the lengths of the header's own code are told (RFC 1951, 3.2.7).
var toldOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// Symbols of the header's code that are not lengths themselves: how often the length before
// comes again, or 0.
const (
	repeat    = 16
	zeros     = 17
	manyZeros = 18
	runCodes  = 19
)

// runExtra is how many bits follow a symbol of the header's code.
var runExtra = [runCodes]uint{repeat: 2, zeros: 3, manyZeros: 7}

// maxRunBits is how long the words of the header's code may be.
const maxRunBits = 7

// A header tells the lengths of a block's codes.
type header struct {
	literals, distances int // how many lengths there are
	runs                []run
	lengths             []uint8 // of the code that the runs are in
	told                int     // how many of those there are, in toldOrder
	size                int     // bits
}

// A run is a symbol of the header's code, and the number in the bits that follow.
type run struct{ symbol, extra uint8 }

// tell gives the smallest header for the lengths of two codes. Which symbols for
// runs are worth their place in the header's code is found out by trying.
func tell(l, d []uint8) header {
	l, d = trim(l, endOfBlock+1), trim(d, 1)
	all := append(append(make([]uint8, 0, len(l)+len(d)), l...), d...)
	var best header
	for which := range uint(1 << 3) {
		h := header{literals: len(l), distances: len(d), runs: runs(all, which)}
		var frequencies [runCodes]uint32
		for _, r := range h.runs {
			frequencies[r.symbol]++
			h.size += int(runExtra[r.symbol])
		}
		h.lengths = codeLengths(frequencies[:], maxRunBits)
		for i, s := range toldOrder {
			if h.lengths[s] > 0 {
				h.told = max(4, i+1)
			}
			h.size += int(frequencies[s]) * int(h.lengths[s])
		}
		h.size += 3 + 5 + 5 + 4 + 3*h.told // with what says which block it is
		if which == 0 || h.size < best.size {
			best = h
		}
	}
	return best
}

// trim leaves out the zeros at the end, as far as the format lets.
func trim(lengths []uint8, least int) []uint8 {
	for len(lengths) > least && lengths[len(lengths)-1] == 0 {
		lengths = lengths[:len(lengths)-1]
	}
	return lengths
}

// runs says the lengths with some of the symbols for runs: bit 0 of which is for repeat, 1
// for zeros, 2 for manyZeros.
func runs(lengths []uint8, which uint) []run {
	var all []run
	// spend says as many of n with a symbol as can be, which stands for least to most of them.
	spend := func(n int, symbol uint8, least, most int) int {
		for which>>(symbol-repeat)&1 > 0 && n >= least {
			k := min(n, most)
			all = append(all, run{symbol, uint8(k - least)})
			n -= k
		}
		return n
	}
	for i := 0; i < len(lengths); {
		value, n := lengths[i], 1
		for i+n < len(lengths) && lengths[i+n] == value {
			n++
		}
		i += n
		if value == 0 {
			n = spend(n, manyZeros, 11, 138)
			n = spend(n, zeros, 3, 10)
		} else {
			all = append(all, run{symbol: value})
			n = spend(n-1, repeat, 3, 6)
		}
		for range n {
			all = append(all, run{symbol: value})
		}
	}
	return all
}
