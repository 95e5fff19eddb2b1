package diff

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/nginx-scratch/nginx-scratch/images/content"
)

// FileAbout is a file that only one side has.
type FileAbout struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Size int64  `json:"size"`
}

// FileChange is a file that both sides have, and that is not the same.
type FileChange struct {
	Path string `json:"path"`
	Size Sizes  `json:"size"`
	// About is what differs besides the bytes: mode, owner, time, where it leads.
	About []Change `json:"about,omitempty"`
	// Bytes is the first difference, where the bytes differ and were kept.
	Bytes *Bytes `json:"bytes,omitempty"`
	// Sections are those of an ELF file that differ.
	Sections []Section `json:"sections,omitempty"`
	// Other says that the bytes differ, but not where.
	Other bool `json:"other_bytes,omitempty"`
}

// Bytes is where two files begin to differ.
type Bytes struct {
	Offset  int64  `json:"offset"`
	Section string `json:"section,omitempty"` // of an ELF file, before
	Line    int    `json:"line,omitempty"`    // of a text, from 1
	Before  string `json:"before"`            // some bytes from there on in hexadecimal, or the line
	After   string `json:"after"`
}

func compareFiles(a, b *content.Image) (added, removed []FileAbout, changed []FileChange) {
	for _, path := range a.Paths() {
		before := a.Files[path]
		after, ok := b.Files[path]
		if !ok {
			removed = append(removed, about(before))
			continue
		}
		if c, differs := change(before, after); differs {
			changed = append(changed, c)
		}
	}
	for _, path := range b.Paths() {
		if _, ok := a.Files[path]; !ok {
			added = append(added, about(b.Files[path]))
		}
	}
	return added, removed, changed
}

func about(f content.File) FileAbout {
	return FileAbout{Path: f.Path, Mode: f.Mode.String(), Size: f.Size}
}

func change(a, b content.File) (c FileChange, changed bool) {
	facts := func(f content.File) map[string]string {
		return map[string]string{
			"mode": f.Mode.String(), "owner": fmt.Sprintf("%d:%d", f.UID, f.GID), "leads to": f.Link,
			"time": time.Unix(f.ModTime, 0).UTC().Format(time.RFC3339), "attributes": f.Attributes,
		}
	}
	c = FileChange{Path: a.Path, Size: Sizes{a.Size, b.Size}, About: compareMaps(facts(a), facts(b))}
	if a.SHA256 == b.SHA256 {
		return c, len(c.About) > 0
	}
	if a.Data == nil || b.Data == nil {
		c.Other = true
		return c, true
	}
	c.Bytes = firstDifference(a.Data, b.Data)
	before, after := readSections(a.Data), readSections(b.Data)
	if before != nil && after != nil {
		c.Sections = compareSections(before, after)
		c.Bytes.Section = sectionAt(before, c.Bytes.Offset)
	}
	return c, true
}

// firstDifference finds where two contents, which are not the same, begin to differ.
func firstDifference(a, b []byte) *Bytes {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	d := &Bytes{Offset: int64(at)}
	if isText(a) && isText(b) {
		d.Line = 1 + bytes.Count(a[:at], []byte("\n"))
		d.Before, d.After = lineAt(a, at), lineAt(b, at)
		return d
	}
	d.Before, d.After = hexAt(a, at), hexAt(b, at)
	return d
}

const (
	mostBytes = 16  // that are shown of a file that is no text
	mostText  = 120 // bytes that are shown of a line
)

func isText(data []byte) bool { return utf8.Valid(data) && !bytes.Contains(data, []byte{0}) }

// lineAt is the line with the byte at an offset, in quotes and without what could
// steer a terminal.
func lineAt(data []byte, at int) string {
	if at >= len(data) {
		return "(the end)"
	}
	start := 1 + bytes.LastIndexByte(data[:at], '\n')
	line, _, _ := bytes.Cut(data[start:], []byte("\n"))
	if len(line) > mostText {
		from := max(0, at-start-mostText/2)
		line = line[from:min(len(line), from+mostText)]
	}
	return strconv.QuoteToGraphic(string(line))
}

func hexAt(data []byte, at int) string {
	if at >= len(data) {
		return "(the end)"
	}
	return fmt.Sprintf("% x", data[at:min(len(data), at+mostBytes)])
}

func number(n int) string { return strconv.Itoa(n) }
