package deflate

// writer appends bits to bytes, the lowest first.
type writer struct {
	out   []byte
	bits  uint64 // that are not in out yet
	count uint   // of them: 0 to 7
}

// write appends the lowest n bits of value, which has no others.
func (w *writer) write(value uint32, n uint) {
	w.bits |= uint64(value) << w.count
	for w.count += n; w.count >= 8; w.count -= 8 {
		w.out = append(w.out, byte(w.bits))
		w.bits >>= 8
	}
}

// align fills the last byte with zeros.
func (w *writer) align() {
	if w.count > 0 {
		w.write(0, 8-w.count)
	}
}
