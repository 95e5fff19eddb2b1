package deflate

import (
	"bytes"
	"testing"
)

// What is found is there, and each length has the nearest place of all.
func TestFind(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("the matches of a position, the matches of the next position; "), 3)
	data := append(append(program(3000), text...), make([]byte, 300)...)
	const start = 1000
	m := find(data, start)
	if len(m.begins) != len(data)-start+1 {
		t.Fatalf("%d positions, want %d and an end", len(m.begins), len(data)-start)
	}
	skip := 0
	for i := start; i < len(data); i++ {
		found := m.at(i - start)
		if skip > 0 {
			if skip--; len(found) > 0 {
				t.Fatalf("position %d is in a longest match, and has matches", i)
			}
			continue
		}
		length := minMatch
		for _, f := range found {
			if f.length() < length {
				t.Fatalf("position %d: length %d after %d", i, f.length(), length-1)
			}
			for ; length <= f.length(); length++ {
				if want := i - bytes.LastIndex(data[:i+length-1], data[i:i+length]); want != f.distance() && length > 3 {
					t.Fatalf("position %d: length %d has distance %d, want %d", i, length, f.distance(), want)
				}
			}
		}
		if end := i + length; length > 3 && length <= maxMatch && end <= len(data) && bytes.Contains(data[:end-1], data[i:end]) {
			t.Fatalf("position %d: there is a match of length %d", i, length)
		}
		if length > maxMatch {
			skip = maxMatch - 1
		}
	}
}
