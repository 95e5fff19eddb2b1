package deflate

import (
	"math"
	"slices"
)

const (
	stepSize = 1024 // bytes at least between places where a block may end: half of that gives nothing

	// What a block costs besides its symbols, in bits: its header by and large.
	perBlock  = 60
	perSymbol = 4

	// A block that costs so many bits more than the best one with the same end is not
	// made longer: it has what belongs in another one.
	hopeless = 1500
)

// A step is a part of a piece that is in one block.
type step struct {
	symbols []frequency
	end     int // in tokens
}

// A frequency is how often a symbol occurs; distances come after literals.
type frequency struct{ symbol, count uint16 }

// split says where blocks are to end, in tokens: after those steps that make
// the sum of all costs the least.
func split(tokens []token) []int {
	steps := walk(tokens)
	costs := make([]uint64, len(steps)+1) // of all blocks up to the beginning of a step
	begins := make([]int, len(steps)+1)   // of the last of those blocks
	for end := 1; end <= len(steps); end++ {
		costs[end] = math.MaxUint64
		var e estimate
		for begin := end - 1; begin >= 0; begin-- {
			e.add(steps[begin].symbols)
			cost := costs[begin] + e.cost()
			if cost < costs[end] {
				costs[end], begins[end] = cost, begin
			} else if cost > costs[end]+hopeless<<logBits {
				break
			}
		}
	}
	var ends []int
	for i := len(steps); i > 0; i = begins[i] {
		ends = append(ends, steps[i-1].end)
	}
	slices.Reverse(ends)
	return ends
}

// walk divides tokens into steps.
func walk(tokens []token) []step {
	var steps []step
	for i := 0; i < len(tokens); {
		var h [literals + distances]uint16
		for n := 0; i < len(tokens) && n < stepSize; i++ {
			t := tokens[i]
			if n += max(1, t.length()); t.isLiteral() {
				h[t]++
				continue
			}
			l, d := t.symbols()
			h[l]++
			h[literals+d]++
		}
		s := step{end: i}
		for symbol, n := range h {
			if n > 0 {
				s.symbols = append(s.symbols, frequency{uint16(symbol), n})
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// An estimate is what a block costs that has the steps added so far.
type estimate struct {
	counts              [literals + distances]uint32
	literals, distances uint32
	used                uint64 // symbols with a count
	known               uint64 // sum of xlog2 of counts: what need not be said
}

func (e *estimate) add(symbols []frequency) {
	for _, s := range symbols {
		old := e.counts[s.symbol]
		if old == 0 {
			e.used++
		}
		sum := old + uint32(s.count)
		e.counts[s.symbol] = sum
		e.known += xlog2(sum) - xlog2(old)
		if s.symbol < literals {
			e.literals += uint32(s.count)
		} else {
			e.distances += uint32(s.count)
		}
	}
}

// cost is in 1/65536 bit, without what follows codes, which is the same in all blocks.
func (e *estimate) cost() uint64 {
	return xlog2(e.literals) + xlog2(e.distances) - e.known + (e.used*perSymbol+perBlock)<<logBits
}
