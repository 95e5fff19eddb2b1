package deflate

// rounds say how often the tokens of a block are chosen anew, after each time that it has been
// decided where blocks end. More of either gives less than 0.02%.
var rounds = [...]int{1, 4}

// exact is how many of the last times costs are those of real codes, with whole bits. Before
// that they are finer: codes with whole bits keep what they are made for.
const exact = 2

// compress gives the blocks for data from start on, whose matches may begin before it.
func compress(data []byte, start int) []block {
	p := newParser(data, start)
	tokens := p.lazy()
	var ends []int // of blocks, in tokens
	for round, times := range rounds {
		ends = split(tokens)
		for time := range times {
			tokens, ends = p.improve(tokens, ends, round == len(rounds)-1 && time >= times-exact)
		}
	}
	blocks := make([]block, 0, len(ends))
	for i, at := range ends {
		begin := 0
		if i > 0 {
			begin = ends[i-1]
		}
		b := newBlock(data[start:], tokens[begin:at])
		start += len(b.data)
		blocks = append(blocks, b)
	}
	return blocks
}

// improve chooses the tokens of each block anew, at the costs that those it has lead to.
func (p *parser) improve(tokens []token, ends []int, exactly bool) (better []token, betterEnds []int) {
	better, betterEnds = make([]token, 0, len(tokens)), make([]int, 0, len(ends))
	begin, at := 0, 0
	for _, end := range ends {
		block := tokens[begin:end]
		next := at + size(block)
		better = p.optimal(better, at, next, costsOf(count(block), exactly))
		betterEnds = append(betterEnds, len(better))
		begin, at = end, next
	}
	return better, betterEnds
}
