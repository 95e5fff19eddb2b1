package deflate

// unit is that of costs: so many are a bit.
const unit = 64

// costs are what the tokens of a block cost, with the bits that follow codes.
type costs struct {
	literals  [256]uint32
	lengths   [maxMatch + 1]uint32
	distances [distances]uint32 // by code
}

// costsOf are the costs in a block with the histogram: exactly those of a code that
// it leads to, or what the symbols hold of information.
func costsOf(h *histogram, exactly bool) *costs {
	c := &costs{}
	var l [literals]uint32
	price(l[:], h.literals[:], exactly)
	price(c.distances[:], h.distances[:], exactly)
	copy(c.literals[:], l[:])
	for n := minMatch; n <= maxMatch; n++ {
		code := int(lengthCodes[n])
		c.lengths[n] = l[endOfBlock+1+code] + uint32(lengthExtra(code))*unit
	}
	for code := range c.distances {
		c.distances[code] += uint32(distanceExtra(code)) * unit
	}
	return c
}

// price gives the costs of symbols that are so frequent. One that does not occur costs as if
// it were to occur once.
func price(costs, frequencies []uint32, exactly bool) {
	sum := uint32(1)
	for _, f := range frequencies {
		sum += f
	}
	for s, f := range frequencies {
		costs[s] = (log2(sum) - log2(max(f, 1))) / (1 << logBits / unit)
	}
	if !exactly {
		return
	}
	for s, n := range codeLengths(frequencies, maxCodeBits) {
		if n > 0 {
			costs[s] = uint32(n) * unit
		}
	}
}
