package deflate

// A block is a part of the data, and how it is said.
type block struct {
	data   []byte
	tokens []token
	code   *code // nil for a block that is stored
}

// maxStored is how many bytes a stored block can have.
const maxStored = 1<<16 - 1

// newBlock makes a block of the bytes that data begins with, in whichever of the three ways
// is the smallest.
func newBlock(data []byte, tokens []token) block {
	b := block{data: data[:size(tokens)], tokens: tokens}
	h := count(tokens)
	var bits int
	b.code, bits = newCode(h)
	if n := h.size(fixed.literals, fixed.distances); n <= bits {
		b.code, bits = fixed, n
	}
	const padding = 7 // bits at most
	if stored := (len(b.data)/maxStored+1)*(32+padding) + 8*len(b.data); stored <= bits {
		b.code = nil
	}
	return b
}

func (w *writer) block(b block) {
	if b.code == nil {
		for data := b.data; len(data) > 0; {
			n := min(len(data), maxStored)
			w.stored(data[:n])
			data = data[n:]
		}
		return
	}
	if b.code == fixed {
		w.write(1<<1, 3)
	} else {
		w.write(2<<1, 3)
		w.header(b.code.header)
	}
	w.tokens(b.tokens, b.code)
}

// stored writes at most maxStored bytes as they are.
func (w *writer) stored(data []byte) {
	w.write(0, 3)
	w.align()
	w.write(uint32(len(data)), 16)
	w.write(uint32(len(data))^maxStored, 16)
	w.out = append(w.out, data...)
}

func (w *writer) header(h header) {
	w.write(uint32(h.literals-endOfBlock-1), 5)
	w.write(uint32(h.distances-1), 5)
	w.write(uint32(h.told-4), 4)
	for _, s := range toldOrder[:h.told] {
		w.write(uint32(h.lengths[s]), 3)
	}
	words := codeWords(h.lengths)
	for _, r := range h.runs {
		w.write(uint32(words[r.symbol]), uint(h.lengths[r.symbol]))
		w.write(uint32(r.extra), runExtra[r.symbol])
	}
}

func (w *writer) tokens(tokens []token, c *code) {
	literal, distance := codeWords(c.literals), codeWords(c.distances)
	for _, t := range tokens {
		if t.isLiteral() {
			w.write(uint32(literal[t]), uint(c.literals[t]))
			continue
		}
		l, d := t.symbols()
		length := l - endOfBlock - 1
		w.write(uint32(literal[l]), uint(c.literals[l]))
		w.write(uint32(t.length()-lengthBase(length)), lengthExtra(length))
		w.write(uint32(distance[d]), uint(c.distances[d]))
		w.write(uint32(t.distance()-distanceBase(d)), distanceExtra(d))
	}
	w.write(uint32(literal[endOfBlock]), uint(c.literals[endOfBlock]))
}
