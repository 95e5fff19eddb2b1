package deflate

// A histogram is how often each symbol of a block occurs.
type histogram struct {
	literals  [literals]uint32
	distances [distances]uint32
}

// count gives the histogram of a block with the tokens.
func count(tokens []token) *histogram {
	h := &histogram{}
	for _, t := range tokens {
		if t.isLiteral() {
			h.literals[t]++
			continue
		}
		l, d := t.symbols()
		h.literals[l]++
		h.distances[d]++
	}
	h.literals[endOfBlock] = 1
	return h
}

// size is how many bits the symbols take, with what follows them, in codes of those lengths.
func (h *histogram) size(l, d []uint8) int {
	n := 0
	for s, f := range h.literals {
		n += int(f) * int(l[s])
		if s > endOfBlock {
			n += int(f) * int(lengthExtra(s-endOfBlock-1))
		}
	}
	for s, f := range h.distances {
		n += int(f) * (int(d[s]) + int(distanceExtra(s)))
	}
	return n
}

// smoothings are how far frequencies may be apart, besides three eighths, to be smoothed.
var smoothings = [...]uint32{0, 1, 2, 4, 8}

// smooth gives a histogram where four or more neighbours of frequencies that are alike have
// the same: their code lengths are then told as one run, which may save more than it costs.
func (h *histogram) smooth(by uint32) *histogram {
	s := *h
	for _, f := range [][]uint32{s.literals[:], s.distances[:]} {
		for begin := 0; begin < len(f); {
			end, sum := begin, uint32(0)
			low, high := f[begin], f[begin]
			for ; end < len(f); end++ {
				l, h := min(low, f[end]), max(high, f[end])
				if (l == 0) != (h == 0) || h-l > by+l*3/8 {
					break
				}
				low, high = l, h
				sum += f[end]
			}
			if n := uint32(end - begin); n >= 4 {
				for i := begin; i < end; i++ {
					f[i] = (sum + n/2) / n
				}
			}
			begin = end
		}
	}
	return &s
}
