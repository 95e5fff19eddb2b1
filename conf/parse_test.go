package conf_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A directive is one statement of an nginx configuration. A directive without a
// block has a nil Block, one with an empty block a non-nil one.
type directive struct {
	Name  string
	Args  []string
	Block []directive
}

// all returns the directives of a block that have the given name, in order.
func all(block []directive, name string) []directive {
	var found []directive
	for _, d := range block {
		if d.Name == name {
			found = append(found, d)
		}
	}
	return found
}

// only returns the one directive of the given name. None or two fail the test.
func only(t *testing.T, block []directive, name string) directive {
	t.Helper()
	found := all(block, name)
	if len(found) != 1 {
		t.Fatalf("%s appears %d times, want once", name, len(found))
	}
	return found[0]
}

func parseFile(t *testing.T, path string) []directive {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, err := parse(string(src))
	if err != nil {
		t.Fatalf("parsing %s: %v", path, err)
	}
	return block
}

// A parser reads what the shipped files use: words, quotes, comments and blocks.
type parser struct{ rest string }

func parse(src string) ([]directive, error) {
	p := &parser{rest: src}
	block, end, err := p.block()
	if err == nil && end == "}" {
		return nil, errors.New("} without {")
	}
	return block, err
}

// block reads directives up to a closing brace or the end of the input and returns
// which of the two it was, "}" or "".
func (p *parser) block() ([]directive, string, error) {
	block := []directive{}
	var words []string
	for {
		word, quoted, err := p.next()
		if err != nil {
			return nil, "", err
		}
		special := !quoted && (word == "" || slices.Contains([]string{";", "{", "}"}, word))
		switch {
		case !special:
			words = append(words, word)
			continue
		case (word == "" || word == "}") != (len(words) == 0):
			return nil, "", fmt.Errorf("unexpected %q after %q", word, words)
		case word == "" || word == "}":
			return block, word, nil
		}
		d := directive{Name: words[0], Args: words[1:]}
		if word == "{" {
			var end string
			if d.Block, end, err = p.block(); err != nil {
				return nil, "", err
			}
			if end != "}" {
				return nil, "", fmt.Errorf("block of %s is not closed", d.Name)
			}
		}
		block, words = append(block, d), nil
	}
}

// next returns the next word or one of ; { }, and "" at the end of the input.
func (p *parser) next() (word string, quoted bool, err error) {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		if !strings.HasPrefix(p.rest, "#") {
			break
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
	if p.rest == "" {
		return "", false, nil
	}
	switch first := p.rest[:1]; first {
	case ";", "{", "}":
		p.rest = p.rest[1:]
		return first, false, nil
	case `"`, "'":
		word, rest, closed := strings.Cut(p.rest[1:], first)
		if !closed {
			return "", false, fmt.Errorf("quote is not closed: %.20q", p.rest)
		}
		p.rest = rest
		return word, true, nil
	}
	end := strings.IndexAny(p.rest, " \t\r\n;{}")
	if end < 0 {
		end = len(p.rest)
	}
	word, p.rest = p.rest[:end], p.rest[end:]
	return word, false, nil
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		src  string
		want []directive
	}{
		"nothing":       {" # only this", []directive{}},
		"words":         {"a b  c;d;", []directive{{"a", []string{"b", "c"}, nil}, {"d", []string{}, nil}}},
		"quotes":        {`a "b ; c" '';`, []directive{{"a", []string{"b ; c", ""}, nil}}},
		"comment":       {"a # b;\n c;", []directive{{"a", []string{"c"}, nil}}},
		"block":         {"a { b; }", []directive{{"a", []string{}, []directive{{"b", []string{}, nil}}}}},
		"empty block":   {"a {}", []directive{{"a", []string{}, []directive{}}}},
		"no semicolon":  {"a b", nil},
		"no name":       {";", nil},
		"block no name": {"{ a; }", nil},
		"unclosed":      {"a { b;", nil},
		"unopened":      {"a; }", nil},
		"half in block": {"a { b }", nil},
		"open quote":    {"a 'b;", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(tt.src)
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("error %v, want one: %v", err, tt.want == nil)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`a { b 'c' "d"; } # e`)
	f.Add("a { { } ; '")
	f.Fuzz(func(t *testing.T, src string) {
		block, err := parse(src)
		if err == nil && block == nil {
			t.Error("neither a block nor an error")
		}
		for _, d := range block {
			if d.Name == "" && !strings.Contains(src, `''`) && !strings.Contains(src, `""`) {
				t.Errorf("a directive without a name: %+v", d)
			}
		}
	})
}
