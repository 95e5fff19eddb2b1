package deflate

import (
	"math"
	"testing"
)

// kraft is the share of all code words that a code uses, in 1<<maxCodeBits.
func kraft(lengths []uint8) (sum, longest int) {
	for _, n := range lengths {
		if n > 0 {
			sum += 1 << (maxCodeBits - n)
			longest = max(longest, int(n))
		}
	}
	return sum, longest
}

func total(frequencies []uint32, lengths []uint8) (sum uint64) {
	for s, f := range frequencies {
		sum += uint64(f) * uint64(lengths[s])
	}
	return sum
}

func TestCodeLengths(t *testing.T) {
	t.Parallel()
	fibonacci := []uint32{1, 1}
	for len(fibonacci) < 40 {
		fibonacci = append(fibonacci, fibonacci[len(fibonacci)-1]+fibonacci[len(fibonacci)-2])
	}
	same := make([]uint32, 286)
	for i := range same {
		same[i] = 7
	}
	for name, c := range map[string]struct {
		frequencies []uint32
		limit       int
		sum         uint64 // bits for all
		longest     int
	}{
		"none":              {make([]uint32, 30), 15, 0, 0},
		"one":               {[]uint32{0, 9, 0}, 15, 9, 1},
		"two":               {[]uint32{5, 0, 1000000}, 15, 1000005, 1},
		"three":             {[]uint32{1, 1, 2}, 15, 6, 2},
		"no limit":          {fibonacci[:16], 15, 6745, 15},
		"limit":             {fibonacci[:17], 15, 10926, 15}, // 10925 with one of 16
		"tight":             {[]uint32{1, 2, 4, 8, 16, 32, 64, 128}, 3, 765, 3},
		"the longest limit": {fibonacci, 15, 0, 15},
		"all the same":      {same, 15, 7 * (286*9 - 226), 9},
		"largest":           {[]uint32{math.MaxUint32, math.MaxUint32, math.MaxUint32}, 15, 5 * math.MaxUint32, 2},
	} {
		lengths := codeLengths(c.frequencies, c.limit)
		sum, longest := kraft(lengths)
		if got := total(c.frequencies, lengths); c.sum > 0 && got != c.sum {
			t.Errorf("%s: %d bits, want %d", name, got, c.sum)
		}
		if longest != c.longest || longest > 1 && sum != 1<<maxCodeBits {
			t.Errorf("%s: longest %d, want %d; %d of the words are used", name, longest, c.longest, sum)
		}
		for s, f := range c.frequencies {
			if (f > 0) != (lengths[s] > 0) {
				t.Errorf("%s: symbol %d occurs %d times and has %d bits", name, s, f, lengths[s])
			}
		}
	}
}

// Every code of a block is complete, whatever its symbols: some decoders insist on it.
func TestCompleteCodes(t *testing.T) {
	t.Parallel()
	for name, tokens := range map[string][]token{
		"one literal":    {'a'},
		"literals":       {'a', 'b', 'c', 'b', 'b'},
		"one distance":   {'a', match(258, 1), match(258, 1)},
		"last distance":  {'a', match(3, 32768)},
		"other distance": {'a', match(3, 2)},
	} {
		c, _ := newCode(count(tokens))
		for which, lengths := range map[string][]uint8{"literals": c.literals, "distances": c.distances, "header": c.header.lengths} {
			if sum, _ := kraft(lengths); sum != 1<<maxCodeBits {
				t.Errorf("%s: %s use %d of the %d words", name, which, sum, 1<<maxCodeBits)
			}
		}
	}
}

// As RFC 1951, 3.2.5, has them.
func TestSymbols(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ length, symbol, extra int }{
		{3, 257, 0}, {10, 264, 0}, {11, 265, 1}, {12, 265, 1}, {13, 266, 1}, {18, 268, 1}, {19, 269, 2}, {34, 272, 2},
		{35, 273, 3}, {66, 276, 3}, {67, 277, 4}, {130, 280, 4}, {131, 281, 5}, {257, 284, 5}, {258, 285, 0},
	} {
		got, _ := match(c.length, 1).symbols()
		if extra := lengthExtra(got - 257); got != c.symbol || int(extra) != c.extra {
			t.Errorf("length %d is %d with %d bits, want %d with %d", c.length, got, extra, c.symbol, c.extra)
		}
	}
	for _, c := range []struct{ distance, symbol, extra int }{
		{1, 0, 0}, {4, 3, 0}, {5, 4, 1}, {6, 4, 1}, {7, 5, 1}, {9, 6, 2}, {12, 6, 2}, {192, 14, 6}, {193, 15, 6},
		{256, 15, 6}, {257, 16, 7}, {16385, 28, 13}, {24576, 28, 13}, {24577, 29, 13}, {32768, 29, 13},
	} {
		_, got := match(3, c.distance).symbols()
		if extra := distanceExtra(got); got != c.symbol || int(extra) != c.extra {
			t.Errorf("distance %d is %d with %d bits, want %d with %d", c.distance, got, extra, c.symbol, c.extra)
		}
	}
}

func TestLog2(t *testing.T) {
	t.Parallel()
	for _, x := range []uint32{1, 2, 3, 5, 7, 1000, 1023, 1025, 4095, 4096, 123456789, 1 << 31, math.MaxUint32} {
		if got, want := float64(log2(x))/(1<<logBits), math.Log2(float64(x)); math.Abs(got-want) > 1e-4 {
			t.Errorf("%d: %f, want %f", x, got, want)
		}
	}
}
