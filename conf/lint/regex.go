package lint

import (
	"strconv"
	"strings"
)

// A group is one capture of a regular expression.
type group struct {
	name   string // "1", "2", or its name
	breaks bool   // what it matches may hold a line break
	around int    // the place of the capture around it, or -1
}

// An expression is what a look over a PCRE pattern tells. It is no full parser: it
// knows escapes, classes, groups and repetition.
type expression struct {
	groups  []group
	problem string // why it cannot compile, or ""
	nested  bool   // a repetition without end of something that repeats without end
}

// An open group, while a pattern is read.
type open struct {
	capture  int  // its place in groups, or -1
	around   int  // that of the nearest capture, itself included, or -1
	breaks   bool // something in it admits line breaks
	branch   branch
	slow     bool // one of its branches takes long if the group is repeated
	possible bool // it may give back what it matched: not (?> )
}

// examine reads a pattern from left to right, once.
func examine(pattern string) expression {
	var e expression
	stack := []open{{capture: -1, around: -1}}
	for i := 0; i < len(pattern) && e.problem == ""; {
		rest := pattern[i:]
		switch top := &stack[len(stack)-1]; rest[0] {
		case '(':
			o, width := e.group(rest, top.around)
			if stack = append(stack, o); len(stack) > 250 { // PCRE's own limit
				e.problem = "its groups nest deeper than 250"
			}
			i += width
		case ')':
			if len(stack) == 1 {
				e.problem = "a ) has no ("
				break
			}
			endless, width := repetition(rest[1:])
			e.close(top, &stack[len(stack)-2], endless)
			stack = stack[:len(stack)-1]
			i += 1 + width
		case '|':
			top.slow, top.branch = top.slow || top.branch.slow(), branch{}
			i++
		default:
			i += e.atom(rest, top)
		}
	}
	if len(stack) > 1 && e.problem == "" {
		e.problem = "a ( is not closed"
	}
	return e
}

// close tells the group around a group what was in it.
func (e *expression) close(inner, outer *open, endless bool) {
	slow := inner.possible && (inner.slow || inner.branch.slow())
	e.nested = e.nested || endless && slow
	if inner.capture >= 0 {
		e.groups[inner.capture].breaks = inner.breaks
	}
	outer.branch.repeats = outer.branch.repeats || endless || inner.branch.repeats || slow
	outer.branch.wide = outer.branch.wide || inner.branch.wide || slow
	outer.breaks = outer.breaks || inner.breaks
}

// atom reads what is no group: a character, an escape or a class, with how often it
// repeats. It returns its width.
func (e *expression) atom(rest string, in *open) int {
	width := 1
	switch rest[0] {
	case '\\':
		if len(rest) == 1 {
			e.problem = "it ends in a backslash"
			return 1
		}
		if rest[1] == 'Q' { // all up to \E is literal
			literal, _, _ := strings.Cut(rest[2:], `\E`)
			return min(len(rest), len(literal)+4)
		}
		in.breaks = in.breaks || strings.IndexByte("DWRXns", rest[1]) >= 0
		width = 2
	case '[':
		end := classEnd(rest, 0)
		if end < 0 {
			e.problem = "a [ is not closed"
			return 1
		}
		in.breaks = in.breaks || admitsBreak(rest[1:end])
		width = end + 1
	}
	endless, more := repetition(rest[width:])
	in.branch.atom(rest[:width], endless, more > 0)
	return width + more
}

// group reads a parenthesis and what makes it special. It returns the group and how
// much of it is not pattern.
func (e *expression) group(rest string, around int) (open, int) {
	o := open{capture: -1, around: around, possible: true}
	special, found := strings.CutPrefix(rest[1:], "?")
	if !found {
		if strings.HasPrefix(special, "*") {
			return o, 2 // a verb such as (*UTF8)
		}
		return e.capture(o, strconv.Itoa(len(e.groups)+1)), 1
	}
	switch {
	case strings.HasPrefix(special, ">"):
		o.possible = false
		return o, 3
	case strings.HasPrefix(special, "<=") || strings.HasPrefix(special, "<!"):
		return o, 4
	}
	width := len("(?")
	if strings.HasPrefix(special, "P<") {
		special, width = special[1:], width+1
	}
	for begin, end := range map[string]string{"<": ">", "'": "'"} {
		after, named := strings.CutPrefix(special, begin)
		if name, _, closed := strings.Cut(after, end); named && closed {
			return e.capture(o, name), width + len(name) + 2
		}
	}
	return o, width
}

// capture gives a group a place among the captures.
func (e *expression) capture(o open, name string) open {
	e.groups = append(e.groups, group{name: name, around: o.around})
	o.capture = len(e.groups) - 1
	o.around = o.capture
	return o
}

// repetition reads a quantifier: whether it has no upper bound, and its width. One
// that is possessive gives nothing back and so is not counted.
func repetition(rest string) (endless bool, width int) {
	if rest == "" {
		return false, 0
	}
	switch rest[0] {
	case '*', '+':
		endless, width = true, 1
	case '?':
		width = 1
	case '{':
		inner, _, closed := strings.Cut(rest[1:min(len(rest), 16)], "}")
		if !closed || strings.Trim(inner, "0123456789,") != "" || inner == "" {
			return false, 0
		}
		endless, width = strings.HasSuffix(inner, ","), len(inner)+2
	default:
		return false, 0
	}
	if strings.HasPrefix(rest[width:], "+") {
		return false, width + 1
	}
	if strings.HasPrefix(rest[width:], "?") {
		width++
	}
	return endless, width
}

// classEnd is where the class that begins at i ends, or -1.
func classEnd(pattern string, i int) int {
	at := i + 1
	if strings.HasPrefix(pattern[at:], "^") {
		at++
	}
	if strings.HasPrefix(pattern[at:], "]") {
		at++
	}
	for ; at < len(pattern); at++ {
		switch {
		case pattern[at] == '\\':
			at++
		case strings.HasPrefix(pattern[at:], "[:"):
			if end := strings.Index(pattern[at:], ":]"); end > 0 {
				at += end + 1
			}
		case pattern[at] == ']':
			return at
		}
	}
	return -1
}

// admitsBreak says whether a class matches a line break.
func admitsBreak(class string) bool {
	rest, negated := strings.CutPrefix(class, "^")
	has := strings.ContainsAny(rest, "\r\n")
	for _, escape := range []string{`\s`, `\n`, `\r`, `\v`, `[:space:]`, `[:cntrl:]`, `\x0a`, `\x00-`} {
		has = has || strings.Contains(rest, escape)
	}
	if negated {
		return !has
	}
	return has || strings.Contains(rest, `\W`) || strings.Contains(rest, `\D`)
}

// breaking are the captures of a location's pattern that may hold a line break.
func (d *directive) breaking() map[string]bool {
	if d.breaks == nil {
		d.breaks = map[string]bool{}
		for i, g := range examine(d.regex()).groups {
			if g.breaks {
				d.breaks[g.name], d.breaks[strconv.Itoa(i+1)] = true, true
			}
		}
	}
	return d.breaks
}

// bareDot says whether a pattern has a dot that matches any character, once: that is
// a dot of a host name which was not escaped.
func bareDot(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '[':
			if end := classEnd(pattern, i); end > 0 {
				i = end
			}
		case '.':
			if i+1 == len(pattern) || !strings.ContainsRune("*+?{", rune(pattern[i+1])) {
				return true
			}
		}
	}
	return false
}

// variables are the names of the variables in a text, without $ and braces.
func variables(text string) []string {
	var names []string
	for {
		_, rest, found := strings.Cut(text, "$")
		if !found {
			return names
		}
		text = strings.TrimPrefix(rest, "{")
		end := 0
		for end < len(text) && isWord(text[end]) && (end == 0 || text[0] > '9' || text[0] == '_') {
			end++
		}
		if end > 0 {
			names = append(names, text[:end])
		}
		text = text[end:]
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// clipName shortens the name of a variable, which may be of 4 KB.
func clipName(name string) string { return name[:min(len(name), 40)] }
