package source

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// hunkHeader is "@@ -start,lines +start,lines @@" and perhaps a heading; a
// count that is left out is 1.
var hunkHeader = regexp.MustCompile(`^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: .*)?\n$`)

// A hunk replaces some lines of a file by others. Lines have their newlines,
// except a last one that has none in the file.
type hunk struct {
	line        int      // of the patch, where the header is; from 1
	start       int      // where the old lines begin, or after which line the new ones go if there are none; from 1
	leavesNone  bool     // the header says that the file ends up empty
	old, new    []string // context included
	lead, trail int      // lines of context before the first change and after the last
	last        byte     // what the last line read was: ' ' context, '-' old, '+' new
}

// hunk reads one hunk, of exactly the size that its header says.
func (p *parser) hunk() (hunk, error) {
	match := hunkHeader.FindStringSubmatch(p.line())
	if match == nil {
		return hunk{}, fmt.Errorf("%.80q is no hunk header", p.line())
	}
	oldStart, oldLines := lineRange(match[1], match[2])
	newStart, newLines := lineRange(match[3], match[4])
	h := hunk{line: p.pos + 1, start: oldStart, leavesNone: newStart == 0 && newLines == 0}
	for p.pos++; len(h.old) < oldLines || len(h.new) < newLines || p.at(`\`); p.pos++ {
		if err := h.take(p.line()); err != nil {
			return hunk{}, err
		}
	}
	switch {
	case len(h.old) > oldLines || len(h.new) > newLines:
		return hunk{}, fmt.Errorf("the hunk of line %d has other lines than its header says", h.line)
	case !h.changes():
		return hunk{}, fmt.Errorf("the hunk of line %d changes nothing", h.line)
	case oldStart == 0 && oldLines > 0:
		return hunk{}, fmt.Errorf("the hunk of line %d begins at line 0", h.line)
	}
	return h, nil
}

// lineRange returns a start and a count, of at most nine digits each.
func lineRange(start, count string) (first, lines int) {
	first, _ = strconv.Atoi(start)
	if count == "" {
		return first, 1
	}
	lines, _ = strconv.Atoi(count)
	return first, lines
}

// take adds one line of the patch to the hunk.
func (h *hunk) take(line string) error {
	switch {
	case line == "":
		return fmt.Errorf("the patch ends inside the hunk of line %d", h.line)
	case line == "\n":
		line = " \n" // blank context; editors strip the space
	case line[0] == '\\':
		return h.chop()
	}
	text := line[1:]
	switch line[0] {
	case ' ':
		if h.changes() {
			h.trail++
		} else {
			h.lead++
		}
		h.old, h.new = append(h.old, text), append(h.new, text)
	case '-':
		h.trail = 0
		h.old = append(h.old, text)
	case '+':
		h.trail = 0
		h.new = append(h.new, text)
	default:
		return fmt.Errorf("%.80q inside the hunk of line %d", line, h.line)
	}
	h.last = line[0]
	return nil
}

func (h *hunk) changes() bool { return len(h.old) > h.lead || len(h.new) > h.lead }

// chop takes the newline off the line before, for "\ No newline at end of file".
func (h *hunk) chop() error {
	if h.last == 0 {
		return errors.New("a hunk begins with a backslash")
	}
	if h.last != '+' {
		h.old[len(h.old)-1] = strings.TrimSuffix(h.old[len(h.old)-1], "\n")
	}
	if h.last != '-' {
		h.new[len(h.new)-1] = strings.TrimSuffix(h.new[len(h.new)-1], "\n")
	}
	return nil
}
