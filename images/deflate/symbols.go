package deflate

import "math/bits"

// Limits of the format (RFC 1951, 3.2.5).
const (
	window   = 1 << 15 // the longest distance
	minMatch = 3
	maxMatch = 258

	endOfBlock  = 256
	literals    = 286 // literals, endOfBlock and the codes of lengths
	distances   = 30
	lastLength  = 28 // the code of maxMatch alone
	maxCodeBits = 15
)

// A token is what one step of the stream says: a literal is its byte, a match its length
// times 1<<16 plus its distance less 1.
type token uint32

func match(length, distance int) token { return token(length<<16 | (distance - 1)) }

func (t token) isLiteral() bool { return t < 256 }
func (t token) length() int     { return int(t >> 16) }
func (t token) distance() int   { return int(t&0xffff) + 1 }

// symbols are those of a match in the literal/length and in the distance alphabet.
func (t token) symbols() (literal, distance int) {
	return endOfBlock + 1 + int(lengthCodes[t.length()]), distanceCode(t.distance())
}

// size is how many bytes the tokens stand for.
func size(tokens []token) int {
	n := 0
	for _, t := range tokens {
		n += max(1, t.length())
	}
	return n
}

// lengthCodes are the codes of lengths, from 0 on.
var lengthCodes = func() (codes [maxMatch + 1]uint8) {
	for code := range lastLength {
		base := lengthBase(code)
		for length := base; length < base+1<<lengthExtra(code); length++ {
			codes[length] = uint8(code)
		}
	}
	codes[maxMatch] = lastLength
	return codes
}()

// lengthBase is the least length of a code, and lengthExtra how many bits follow it.
func lengthBase(code int) int {
	switch {
	case code < 8:
		return minMatch + code
	case code == lastLength:
		return maxMatch
	}
	return minMatch + (4+code&3)<<lengthExtra(code)
}

func lengthExtra(code int) uint {
	if code < 8 || code == lastLength {
		return 0
	}
	return uint(code/4 - 1)
}

// distanceCode is the code of a distance.
func distanceCode(distance int) int {
	d := uint(distance - 1)
	if d < 4 {
		return int(d)
	}
	n := bits.Len(d) - 1
	return 2*n + int(d>>(n-1)&1)
}

// distanceBase is the least distance of a code, and distanceExtra how many bits follow it.
func distanceBase(code int) int {
	if code < 4 {
		return 1 + code
	}
	return 1 + (2+code&1)<<distanceExtra(code)
}

func distanceExtra(code int) uint { return uint(max(0, code/2-1)) }
