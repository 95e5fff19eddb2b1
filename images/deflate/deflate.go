// Package deflate compresses bytes that are compressed once and fetched often: it looks for
// the smallest DEFLATE stream (RFC 1951) that can be found in about half a second for each
// megabyte, where other writers look for one that is soon found.
//
// What a literal or a match costs depends on the codes of its block, and which codes are
// best on which literals and matches there are. So both are improved in turn, as zopfli and
// libdeflate do: all matches of a piece are found once, the cheapest way through them is
// taken at the costs of the way before, and blocks end where codes that are made for less
// are worth their header. All of that is done with integers, and on how many processors
// does not matter: the same bytes give the same stream on every machine.
package deflate

import (
	"runtime"
	"sync"
)

// pieceSize is how many bytes at most are compressed by one processor at a time. Matches reach
// back into the piece before, so smaller pieces cost only the blocks that end with them: 0.02%.
const pieceSize = 1 << 19

// Append appends data to dst as DEFLATE blocks, none of which is the final one, that end with a
// byte: what several calls give can be joined, in any order. No match begins before data. The
// stream is at its end after blocks of which the last is final, such as the two bytes of Final.
func Append(dst, data []byte) []byte {
	pieces := make([][]block, (len(data)+pieceSize-1)/pieceSize)
	var wg sync.WaitGroup
	busy := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range pieces {
		begin, end := len(data)*i/len(pieces), len(data)*(i+1)/len(pieces)
		busy <- struct{}{}
		wg.Go(func() {
			pieces[i] = compress(data[max(0, begin-window):end], min(begin, window))
			<-busy
		})
	}
	wg.Wait()
	w := writer{out: dst}
	for _, blocks := range pieces {
		for _, b := range blocks {
			w.block(b)
		}
	}
	if w.count > 0 {
		w.stored(nil) // ends with a byte
	}
	return w.out
}

// Final is an empty block that ends a stream.
const Final = "\x03\x00"
