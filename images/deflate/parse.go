package deflate

// parser chooses tokens for a piece.
type parser struct {
	data    []byte
	matches *matches
	cost    []uint32 // what the tokens from a position to the end of a block cost
	choice  []token  // the first of those
}

func newParser(data []byte, start int) *parser {
	n := len(data) - start
	return &parser{data: data[start:], matches: find(data, start), cost: make([]uint32, n+1), choice: make([]token, n)}
}

// lazy is a first parse, without costs: the longest match, but where there is a longer one
// a byte later.
func (p *parser) lazy() []token {
	var tokens []token
	for i := 0; i < len(p.data); {
		t := p.longest(i)
		if t.isLiteral() || p.longest(i+1).length() > t.length() {
			t = token(p.data[i])
		}
		tokens = append(tokens, t)
		i += max(1, t.length())
	}
	return tokens
}

// far is where a match of the least length is likely to cost more than literals.
const far = 4096

// longest is the longest match at i, or 0.
func (p *parser) longest(i int) token {
	if i == len(p.data) {
		return 0
	}
	found := p.matches.at(i)
	if len(found) == 0 {
		return 0
	}
	t := found[len(found)-1]
	if t.length() == minMatch && t.distance() > far {
		return 0
	}
	return t
}

// optimal appends those tokens for the bytes from begin to end that cost the least.
func (p *parser) optimal(tokens []token, begin, end int, c *costs) []token {
	data := p.data[begin:end]
	cost, choice := p.cost[:len(data)+1], p.choice[:len(data)]
	cost[len(data)] = 0
	for i := len(data) - 1; i >= 0; i-- {
		least, best := c.literals[data[i]]+cost[i+1], token(data[i])
		length := minMatch
		for _, m := range p.matches.at(begin + i) {
			last := min(m.length(), len(data)-i)
			if last < length {
				break
			}
			distance := c.distances[distanceCode(m.distance())]
			rest := cost[i+length : i+last+1]
			for k, price := range c.lengths[length : last+1] {
				if sum := distance + price + rest[k]; sum < least {
					least, best = sum, match(length+k, m.distance())
				}
			}
			length = last + 1
		}
		cost[i], choice[i] = least, best
	}
	for i := 0; i < len(data); {
		t := choice[i]
		tokens = append(tokens, t)
		i += max(1, t.length())
	}
	return tokens
}
