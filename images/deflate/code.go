package deflate

import "slices"

// A code is how the symbols of a block are written.
type code struct {
	literals, distances []uint8 // lengths in bits; 0 for a symbol that is not used
	header              header  // that tells them
}

// newCode gives the code with which its header and the symbols take the fewest bits, and
// how many.
func newCode(h *histogram) (best *code, bits int) {
	try := func(h2 *histogram) {
		c := &code{
			literals:  codeLengths(h2.literals[:], maxCodeBits),
			distances: codeLengths(atLeastTwo(h2.distances[:]), maxCodeBits),
		}
		c.header = tell(c.literals, c.distances)
		if n := c.header.size + h.size(c.literals, c.distances); best == nil || n < bits {
			best, bits = c, n
		}
	}
	try(h)
	for _, by := range smoothings {
		try(h.smooth(by))
	}
	return best, bits
}

// atLeastTwo gives frequencies two of which are not 0. The format allows a code of one distance
// or none, but zlib never writes one, and there were decoders that refused it.
func atLeastTwo(frequencies []uint32) []uint32 {
	padded, n := slices.Clone(frequencies), 0
	for _, f := range padded {
		if f > 0 {
			n++
		}
	}
	for s := 0; n < 2; s++ {
		if padded[s] == 0 {
			padded[s] = 1
			n++
		}
	}
	return padded
}

// fixed is the code that needs no header (RFC 1951, 3.2.6).
var fixed = func() *code {
	c := &code{literals: make([]uint8, literals+2), distances: make([]uint8, distances)}
	for s := range c.literals {
		switch {
		case s < 144 || s >= 280:
			c.literals[s] = 8
		case s < 256:
			c.literals[s] = 9
		default:
			c.literals[s] = 7
		}
	}
	for s := range c.distances {
		c.distances[s] = 5
	}
	return c
}()
