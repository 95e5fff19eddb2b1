package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// apply returns what the hunks make of a file.
func apply(hunks []hunk, text string) (string, error) {
	src := slices.Collect(strings.Lines(text))
	var out []string
	next, offset := 0, 0 // lines of src that are done; how far the last hunk was from its place
	for i, h := range hunks {
		at, err := h.find(src, next, offset)
		if err != nil {
			return "", fmt.Errorf("hunk %d (line %d of the patch): %w", i+1, h.line, err)
		}
		out = append(append(out, src[next:at]...), h.new...)
		next = at + len(h.old)
		offset = at - h.index()
	}
	out = append(out, src[next:]...)
	for _, line := range out[:max(len(out), 1)-1] {
		if !strings.HasSuffix(line, "\n") {
			return "", fmt.Errorf("it says that %.80q ends the file, but lines follow", line)
		}
	}
	return strings.Join(out, ""), nil
}

// index is where the header puts the hunk, from 0.
func (h *hunk) index() int {
	if len(h.old) == 0 {
		return h.start
	}
	return h.start - 1
}

// find returns where in src, from 0, all old lines of the hunk are: the place
// nearest to the one in its header, moved as far as the hunk before was, and
// the later of two. No line may differ, as dpkg-source asks for (patch -F 0).
// As with patch, fewer lines of context on one side mean the start or the end
// of the file, and a hunk begins after the one before.
func (h *hunk) find(src []string, next, offset int) (int, error) {
	if len(h.old) == 0 {
		if len(src) > 0 {
			return 0, errors.New("it has no line to find its place by, and the file is not empty")
		}
		return 0, nil
	}
	low, high := next, len(src)-len(h.old)
	if h.trail < h.lead {
		low = max(low, high)
	}
	if h.lead < h.trail && h.start == 1 {
		high = min(high, 0)
	}
	want := h.index() + offset
	from := max(low, min(want, high))
	for d := 0; from+d <= high || from-d >= low; d++ {
		for _, at := range []int{from + d, from - d} {
			if low <= at && at <= high && slices.Equal(src[at:at+len(h.old)], h.old) {
				return at, nil
			}
		}
	}
	return 0, h.missing(src, max(want, 0))
}

// missing says why the hunk does not fit where it should.
func (h *hunk) missing(src []string, at int) error {
	for i, line := range h.old {
		if at+i >= len(src) {
			return fmt.Errorf("line %d should be %.120q, but the file ends after line %d", at+i+1, line, len(src))
		}
		if src[at+i] != line {
			return fmt.Errorf("line %d should be %.120q, found %.120q", at+i+1, line, src[at+i])
		}
	}
	return fmt.Errorf("it fits at line %d, but overlaps the hunk before, or has the context of a hunk at the start or end of the file", at+1)
}
