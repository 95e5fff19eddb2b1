package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A fileDiff is what a patch does to one file.
type fileDiff struct {
	line     int         // of the patch, where it begins; from 1
	old, new string      // paths before and after; empty for no file
	mode     fs.FileMode // after; 0 where the patch does not say
	hunks    []hunk
}

// name is the path that errors speak of: the old one where there is one.
func (d *fileDiff) name() string { return cmp.Or(d.old, d.new) }

// startsEmpty reports that the diff may create the file it changes: a plain
// one says so by replacing no line.
func (d *fileDiff) startsEmpty() bool { return len(d.hunks) > 0 && d.hunks[0].start == 0 }

// parsePatch reads the unified diffs of one patch, plain or by git, and skips
// the prose around them. What cannot be prose is an error and never skipped: a
// diff of another kind or without its beginning, and what looks like the rest
// of a hunk whose header counts too few lines. No change may get lost.
func parsePatch(data []byte) ([]fileDiff, error) {
	text := string(data)
	if !strings.HasSuffix(text, "\n") {
		text += "\n" // lost in transport: a diff says so where a file has none
	}
	p := &parser{lines: slices.Collect(strings.Lines(text))}
	var diffs []fileDiff
	for tail := false; !p.done(); { // tail: nothing but blank lines since the last diff
		var diff fileDiff
		var err error
		switch {
		case p.at("diff --git "):
			diff, err = p.gitDiff()
		case p.at("--- ") && p.pos+1 < len(p.lines) && strings.HasPrefix(p.lines[p.pos+1], "+++ "):
			diff, err = p.plainDiff()
		case p.at("--- ", "+++ ", "@@ -", "GIT binary patch", "Binary files ", "***************"),
			tail && p.at(" ", "+", "-", "@", `\`) && !p.at("-- "):
			err = fmt.Errorf("%.80q outside a hunk", p.line())
		default:
			tail = tail && p.line() == "\n"
			p.pos++
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the patch: %w", p.pos+1, err)
		}
		diffs = append(diffs, diff)
		tail = true
	}
	if len(diffs) == 0 {
		return nil, errors.New("it has no diff")
	}
	return diffs, nil
}

// A parser is a position in the lines of a patch. On an error it stays at the
// line concerned.
type parser struct {
	lines []string // newlines included
	pos   int      // of the next line, from 0
}

func (p *parser) done() bool { return p.pos == len(p.lines) }

// line is the next line, empty at the end.
func (p *parser) line() string {
	if p.done() {
		return ""
	}
	return p.lines[p.pos]
}

// at reports that the next line begins with one of the prefixes.
func (p *parser) at(prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(p.line(), prefix) })
}

// plainDiff reads a diff that begins with "---" and "+++". Where the names
// differ and both say something, the new one counts: the old one is then the
// same file in another directory, or its backup.
func (p *parser) plainDiff() (fileDiff, error) {
	diff := fileDiff{line: p.pos + 1}
	names, err := p.headerNames()
	if err != nil {
		return fileDiff{}, err
	}
	if diff.hunks, err = p.hunks(); err != nil {
		return fileDiff{}, err
	}
	if len(diff.hunks) == 0 {
		return fileDiff{}, fmt.Errorf("%.80q where a hunk (@@) should begin", p.line())
	}
	diff.old, diff.new = names.old, names.new
	if diff.old != "" && diff.new != "" {
		diff.old = diff.new
	}
	if last := diff.hunks[len(diff.hunks)-1]; names.gone && last.leavesNone {
		diff.new = "" // diff -N names a file that is no more, and dates it to 1970
	}
	return diff, nil
}

// hunks reads all hunks that follow each other.
func (p *parser) hunks() ([]hunk, error) {
	var hunks []hunk
	for p.at("@@ ") {
		h, err := p.hunk()
		if err != nil {
			return nil, err
		}
		hunks = append(hunks, h)
	}
	return hunks, nil
}
