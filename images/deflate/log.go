package deflate

import "math/bits"

const (
	logBits      = 16 // of a logarithm's fraction
	fractionBits = 10 // that it is looked up by
)

// log2 is the binary logarithm of x, which is not 0, in 1/65536. It is made of integers,
// for a compiler may join operations on floats on one machine and not on another.
func log2(x uint32) uint32 {
	n := bits.Len32(x) - 1
	m := uint32(uint64(x) << (32 - n)) // what follows the first bit
	i, rest := m>>(32-fractionBits), m<<fractionBits
	low, high := fractions[i], fractions[i+1]
	return uint32(n)<<logBits + low + uint32(uint64(high-low)*uint64(rest)>>32)
}

// fractions are the logarithms of 1 + i/1024, bit by bit: that of x*x is twice that of x.
var fractions = func() (table [1<<fractionBits + 1]uint32) {
	for i := range table {
		x := uint64(1<<fractionBits+i) << (31 - fractionBits) // of 1<<31
		for range logBits {
			x = x * x >> 31
			table[i] <<= 1
			if x >= 1<<32 {
				x >>= 1
				table[i]++
			}
		}
	}
	table[len(table)-1] = 1 << logBits
	return table
}()

// xlog2 is n times its logarithm: how many bits n symbols take if all are different.
func xlog2(n uint32) uint64 {
	if n < uint32(len(xlogs)) {
		return uint64(xlogs[n])
	}
	return uint64(n) * uint64(log2(n))
}

// xlogs are the first ones, which nearly all frequencies are among.
var xlogs = func() (table [1 << 12]uint32) {
	for n := 1; n < len(table); n++ {
		table[n] = uint32(n) * log2(uint32(n))
	}
	return table
}()
