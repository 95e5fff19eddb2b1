package lint

import (
	"fmt"
	"strings"
	"testing"
)

// show writes what was parsed in one form: name[args]@line{block}.
func show(block []*directive) string {
	var out strings.Builder
	for _, d := range block {
		fmt.Fprintf(&out, "%s%q@%d", d.name, d.args, d.line)
		if d.opens {
			out.WriteString("{" + show(d.block) + "}")
		}
	}
	return out.String()
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ src, want string }{
		"nothing":             {" # only this", ""},
		"words":               {"a b\tc;\nd;", `a["b" "c"]@1d[]@2`},
		"quotes":              {`a "b ; {c" 'd"' "";`, `a["b ; {c" "d\"" ""]@1`},
		"quoted lines":        {"a 'b\nc' d;\ne;", `a["b\nc" "d"]@1e[]@3`},
		"escapes":             {`a "b\"c\\d\n" e\;f \.g\ h;`, `a["b\"c\\d\n" "e\\;f" "\\.g\\ h"]@1`},
		"block":               {"a b {\n c;\n d { }\n}\ne;", `a["b"]@1{c[]@2d[]@3{}}e[]@5`},
		"no space":            {"a{b;}c;", `a[]@1{b[]@1}c[]@1`},
		"closing in a word":   {"a b}c;", `a["b}c"]@1`},
		"variable in braces":  {"a ${b}c d${e};", `a["${b}c" "d${e}"]@1`},
		"comment in a word":   {"a b#c;# d\ne;", `a["b#c"]@1e[]@2`},
		"comment after quote": {"a 'b' # c;\n;", `a["b"]@1`},
		"condition":           {`if ($a = "b") { c; }`, `if["($a" "=" "b" ")"]@1{c[]@1}`},
		"carriage returns":    {"a b;\r\nc;\r\n", `a["b"]@1c[]@2`},
		"byte order mark":     {"\uFEFFa;", `a[]@1`},
		"lua": {
			"content_by_lua_block {\n local a = {['}'] = \"}\"} -- }\n b = [[ } ]] --[=[ }\n ]=]\n}\na;", `content_by_lua_block[]@1{}a[]@6`,
		},
		"lua strings":       {"a_by_lua_block { '\\'}' \"\\\n}\" 'not closed\n }\nb;", `a_by_lua_block[]@1{}b[]@4`},
		"longest word":      {"a " + strings.Repeat("b", maxWord) + ";", `a["` + strings.Repeat("b", maxWord) + `"]@1`},
		"unclosed":          {"a {\n b;", `line 2: unexpected end of file: "}" is missing for the block "a" of line 1`},
		"unopened":          {"a;\n}", `line 2: unexpected "}": a ";" or a "{" is missing before it`},
		"half in block":     {"a { b }", `line 1: unexpected "}": a ";" or a "{" is missing before it`},
		"half at the end":   {"a;\nb ", `line 2: unexpected end of file: ";" is missing after "b" of line 2`},
		"word at the end":   {"a", `line 1: the file ends in a directive: ";" is missing`},
		"no name":           {";", `line 1: unexpected ";": no directive is before it`},
		"block no name":     {"{ }", `line 1: unexpected "{": no directive is before it`},
		"open quote":        {"a;\nb 'c;\n\n", `line 2: the quote ' is not closed`},
		"no space at quote": {"a 'b'c;", `line 1: unexpected 'c' after a closing quote: a space is missing`},
		"word too long":     {"a " + strings.Repeat("b", maxWord+1) + ";", `line 1: a word of 4096 bytes: nginx takes 4095, so a quote or a semicolon may be missing`},
		"quote too long":    {"a '" + strings.Repeat("b", maxWord+1) + "';", `line 1: a word of 4096 bytes: nginx takes 4095, so a quote or a semicolon may be missing`},
		"open lua":          {"\na_by_lua_block { '}' ", `line 2: the Lua block that begins here is not closed`},
		"deep":              {strings.Repeat("a {", maxDepth+1), `line 1: blocks nest deeper than 64`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := &directive{opens: true}
			_, err := parse("f", tt.src, root)
			got := show(root.block)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
