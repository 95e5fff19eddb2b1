package lint

import (
	"fmt"
	"strings"
)

// maxWord is what fits nginx's own buffer: a longer word stops nginx too.
const maxWord = 4095

// A token is a word, one of ; { } or the end of the file (kind 0).
type token struct {
	kind byte // 'w', ';', '{', '}' or 0
	text string
	line int
}

// A lexer cuts a file into tokens as ngx_conf_read_token does. It looks at each byte
// once.
type lexer struct {
	src      string
	pos      int
	line     int
	comments []comment
}

// A comment is kept for what it may tell the linter to ignore.
type comment struct {
	text  string // without the #
	line  int
	alone bool // nothing but space before it on its line
}

// A syntaxError is where nginx would refuse to start.
type syntaxError struct {
	line int
	text string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// next returns the next token.
func (l *lexer) next() (token, error) {
	l.skip()
	if l.pos == len(l.src) {
		return token{line: l.line}, nil
	}
	switch c := l.src[l.pos]; c {
	case ';', '{', '}':
		l.pos++
		return token{c, string(c), l.line}, nil
	case '"', '\'':
		return l.quoted(c)
	}
	return l.word()
}

// skip passes space and comments. A # inside a word is no comment.
func (l *lexer) skip() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == '\n':
			l.line++
		case c == '#':
			end := strings.IndexByte(l.src[l.pos:], '\n')
			if end < 0 {
				end = len(l.src) - l.pos
			}
			text := strings.TrimRight(l.src[l.pos+1:l.pos+end], "\r")
			l.comments = append(l.comments, comment{text, l.line, l.startsLine()})
			l.pos += end
			continue
		case !isSpace(c):
			return
		}
		l.pos++
	}
}

// startsLine says whether nothing but space is before the current place on its line.
// A comment is looked at once, and the space before it belongs to it alone.
func (l *lexer) startsLine() bool {
	before := strings.TrimRight(l.src[:l.pos], " \t\r")
	return before == "" || strings.HasSuffix(before, "\n")
}

// word reads up to space, ; or {, as nginx does: } is an ordinary character in a word,
// { is one after $, and a backslash protects what follows.
func (l *lexer) word() (token, error) {
	start, line, variable := l.pos, l.line, false
	for ; l.pos < len(l.src); l.pos++ {
		c := l.src[l.pos]
		if c == '{' && variable {
			continue
		}
		variable = c == '$'
		if c == '\\' && l.pos+1 < len(l.src) {
			l.pos++
			l.count(l.src[l.pos])
			continue
		}
		if isSpace(c) || c == ';' || c == '{' {
			return token{'w', unescape(l.src[start:l.pos]), line}, l.tooLong(start, line)
		}
	}
	return token{}, &syntaxError{l.line, `the file ends in a directive: ";" is missing`}
}

// quoted reads a word in quotes, which may go over lines. What follows it has to be
// space, ; { or a closing parenthesis.
func (l *lexer) quoted(quote byte) (token, error) {
	line := l.line
	l.pos++
	for start := l.pos; l.pos < len(l.src); l.pos++ {
		c := l.src[l.pos]
		l.count(c)
		if c == '\\' && l.pos+1 < len(l.src) {
			l.pos++
			l.count(l.src[l.pos])
			continue
		}
		if c != quote {
			continue
		}
		word := token{'w', unescape(l.src[start:l.pos]), line}
		if err := l.tooLong(start, line); err != nil {
			return token{}, err
		}
		l.pos++
		if l.pos < len(l.src) && !isSpace(l.src[l.pos]) && !strings.ContainsRune(";{)", rune(l.src[l.pos])) {
			return token{}, &syntaxError{l.line, fmt.Sprintf("unexpected %q after a closing quote: a space is missing", l.src[l.pos])}
		}
		return word, nil
	}
	return token{}, &syntaxError{line, fmt.Sprintf("the quote %c is not closed", quote)}
}

func (l *lexer) count(c byte) {
	if c == '\n' {
		l.line++
	}
}

func (l *lexer) tooLong(start, line int) error {
	if l.pos-start <= maxWord {
		return nil
	}
	return &syntaxError{line, fmt.Sprintf("a word of %d bytes: nginx takes %d, so a quote or a semicolon may be missing", l.pos-start, maxWord)}
}

// unescape takes the backslash away where nginx does: before quotes and itself, and
// for t, r and n. Every other one stays, which regular expressions rely on.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if at := strings.IndexByte(`"'\trn`, s[i+1]); at >= 0 {
				out.WriteByte("\"'\\\t\r\n"[at])
				i++
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
