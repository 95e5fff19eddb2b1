package lint

import (
	"fmt"
	"slices"
	"strings"
)

// maxDepth is more than any configuration nests, and little enough for rules to walk.
const maxDepth = 64

// A directive is one statement. What a file includes stands in its place, as in nginx.
type directive struct {
	file   string
	line   int
	name   string
	args   []string
	opens  bool // it has a block, which may be empty
	block  []*directive
	parent *directive              // the root has none
	named  map[string][]*directive // made when it is asked for, by own
	breaks map[string]bool         // as named, by breaking
}

// dataBlocks hold values where others hold directives: their lines are no settings.
var dataBlocks = []string{"types", "map", "geo", "charset_map", "split_clients"}

// data says whether what the block holds is values.
func (d *directive) data() bool {
	return slices.Contains(dataBlocks, d.name) || strings.HasSuffix(d.name, "_by_lua_block")
}

// A parser puts the tokens of one file into blocks.
type parser struct {
	*lexer

	file  string
	into  *directive // the block that the file is read into
	here  *directive // the block that is open
	depth int
	words []token // of the directive that is being read
}

// parse reads one file into the block of the given parent. It stops at the first place
// where nginx would.
func parse(file, src string, into *directive) ([]comment, error) {
	l := &lexer{src: strings.TrimPrefix(src, "\uFEFF"), line: 1}
	p := &parser{lexer: l, file: file, into: into, here: into}
	for {
		t, err := l.next()
		switch {
		case err != nil:
		case t.kind == 'w':
			p.words = append(p.words, t)
		case t.kind == ';' || t.kind == '{':
			err = p.statement(t)
		case len(p.words) > 0 || (t.kind == '}') == (p.here == into):
			err = p.unexpected(t)
		case t.kind == 0:
			return l.comments, nil
		default:
			p.here, p.depth = p.here.parent, p.depth-1
		}
		if err != nil {
			return l.comments, err
		}
	}
}

// statement ends a directive, or begins its block.
func (p *parser) statement(t token) error {
	if len(p.words) == 0 {
		return p.unexpected(t)
	}
	d := newDirective(p.file, p.words, p.here)
	p.words = p.words[:0]
	if t.kind == ';' {
		return nil
	}
	d.opens = true
	if strings.HasSuffix(d.name, "_by_lua_block") {
		return p.skipLua()
	}
	if p.depth++; p.depth > maxDepth {
		return &syntaxError{d.line, fmt.Sprintf("blocks nest deeper than %d", maxDepth)}
	}
	p.here = d
	return nil
}

// unexpected says what is missing before a token.
func (p *parser) unexpected(t token) error {
	switch {
	case t.kind == 0 && len(p.words) > 0:
		return &syntaxError{t.line, fmt.Sprintf(`unexpected end of file: ";" is missing after %s of line %d`, clip(p.words[0].text), p.words[0].line)}
	case t.kind == 0:
		return &syntaxError{t.line, fmt.Sprintf(`unexpected end of file: "}" is missing for the block %s of line %d`, clip(p.here.name), p.here.line)}
	case t.kind == '}':
		return &syntaxError{t.line, `unexpected "}": a ";" or a "{" is missing before it`}
	}
	return &syntaxError{t.line, fmt.Sprintf("unexpected %q: no directive is before it", t.text)}
}

// newDirective adds to a block what the words say.
func newDirective(file string, words []token, parent *directive) *directive {
	d := &directive{file: file, line: words[0].line, name: words[0].text, parent: parent}
	if len(words) > 1 {
		d.args = make([]string, len(words)-1)
	}
	for i, w := range words[1:] {
		d.args[i] = w.text
	}
	parent.block = append(parent.block, d)
	return d
}
