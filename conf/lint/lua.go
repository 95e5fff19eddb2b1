package lint

import "strings"

// skipLua passes the code of a *_by_lua_block up to the brace that closes it. Braces in
// Lua's strings and comments do not count.
func (l *lexer) skipLua() error {
	begin := l.line
	for depth := 1; l.pos < len(l.src); {
		c := l.src[l.pos]
		switch {
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				l.pos++
				return nil
			}
		case c == '"' || c == '\'':
			l.luaString(c)
			continue
		case strings.HasPrefix(l.src[l.pos:], "--"):
			l.pos += 2
			if !l.longBracket() {
				l.until("\n")
			}
			continue
		case c == '[' && l.longBracket():
			continue
		}
		l.count(c)
		l.pos++
	}
	return &syntaxError{begin, "the Lua block that begins here is not closed"}
}

// luaString passes a string in quotes; it ends with its line at the latest, as in Lua.
func (l *lexer) luaString(quote byte) {
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch c := l.src[l.pos]; c {
		case '\\':
			if l.pos+1 < len(l.src) {
				l.pos++
				l.count(l.src[l.pos])
			}
		case quote:
			l.pos++
			return
		case '\n':
			return
		}
	}
}

// longBracket passes [[ ]], [=[ ]=] and so on, and says whether there was one.
func (l *lexer) longBracket() bool {
	rest, found := strings.CutPrefix(l.src[l.pos:], "[")
	if !found {
		return false
	}
	level := len(rest) - len(strings.TrimLeft(rest, "="))
	if !strings.HasPrefix(rest[level:], "[") {
		return false
	}
	l.until("]" + rest[:level] + "]")
	return true
}

// until passes all up to and with the given text, or to the end of the file.
func (l *lexer) until(text string) {
	end := len(l.src)
	if at := strings.Index(l.src[l.pos:], text); at >= 0 {
		end = l.pos + at + len(text)
	}
	l.line += strings.Count(l.src[l.pos:end], "\n")
	l.pos = end
}
