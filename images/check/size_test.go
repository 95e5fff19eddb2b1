package check

import (
	"debug/elf"
	"slices"
	"testing"
)

// Zeros between segments do not count, whatever else is there does.
func TestUnfilled(t *testing.T) {
	t.Parallel()
	const far, length = 0x9000, 0x10
	c := goodELF()
	c.add(elf.PT_LOAD, elf.PF_R, elf.Prog64{Off: far, Vaddr: 0x10000 + far, Filesz: length, Memsz: length})
	filled := append(c.bytes(), make([]byte, far+length-craftSize)...)
	used := slices.Clone(filled)
	used[far-1] = 1
	longer := append(slices.Clone(filled), make([]byte, 100)...)
	for name, test := range map[string]struct {
		data []byte
		want int64
	}{
		"one after the other":    {goodELF().bytes(), craftSize},
		"filled up":              {filled, craftSize + length},
		"something between them": {used, far + length},
		"zeros after the last":   {longer, craftSize + length + 100},
	} {
		if got, err := unfilled(test.data); err != nil || got != test.want {
			t.Errorf("%s: %d bytes, %v, want %d", name, got, err, test.want)
		}
	}
	if _, err := unfilled(filled[:far]); err == nil {
		t.Error("a file that ends before its last segment has a size")
	}
}
