package images_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// anchor is a line of small.yaml in OpenSSL's component. What tests add goes before it.
const anchor = "    skip_patches:\n"

func added(text string) edit { return edit{old: anchor, new: text + anchor} }

func TestDefinitionOfSourceChanges(t *testing.T) {
	t.Parallel()
	text := edited(t, "small.yaml", added(`    hot:
      flags: [-O2, -fno-plt]
      files: [crypto/bn, crypto/ec/curve25519.c, main.c, ssl]
    unregister:
      AES_*_XTS: for disks
      DES3_WRAP: wraps keys
    edits:
      - file: include/a-b.h
        from: ["#include \"x.inc\"", "a * [b] . $c ^ & / ' $(d) ;"]
        why: never used
      - {file: Makefile.in, from: [a], to: "b & c", why: renamed}
`))
	d, err := loadDefinition(text)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := d.Component("openssl")
	want := images.Component{
		Name: "openssl", Version: "3.5.7", License: "Apache-2.0",
		Remove:      map[string]string{"apps": "programs, not library"},
		SkipPatches: map[string]string{"man.patch": "not built"},
		Hot:         images.Hot{Flags: []string{"-O2", "-fno-plt"}, Files: []string{"crypto/bn", "crypto/ec/curve25519.c", "main.c", "ssl"}},
		Unregister:  map[string]string{"AES_*_XTS": "for disks", "DES3_WRAP": "wraps keys"},
		Edits: []images.Edit{
			{File: "include/a-b.h", From: []string{`#include "x.inc"`, "a * [b] . $c ^ & / ' $(d) ;"}, Why: "never used"},
			{File: "Makefile.in", From: []string{"a"}, To: "b & c", Why: "renamed"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefinitionRefusesSourceChanges(t *testing.T) {
	t.Parallel()
	const (
		path      = ": it must be a path without a slash at either end, or . or .. in it"
		flag      = ": it must be one flag, without spaces or quotes"
		source    = ": it must be a file of C or a folder, below the source"
		algorithm = ": it must be an algorithm as OpenSSL's source names it, such as AES_*_XTS"
		editable  = ": it must not have | or \\"
		line      = ": it must be one line of text"
	)
	hot := func(flags, files string) string {
		return "    hot: {flags: [" + flags + "], files: [" + files + "]}\n"
	}
	change := func(file, from, to, why string) string {
		return "    edits: [{file: " + file + ", from: " + from + ", to: " + to + ", why: " + why + "}]\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"hot without files", hot("-O2", ""), ".hot must have both flags and files"},
		{"hot without flags", hot("", "src"), ".hot must have both flags and files"},
		{"hot flag", hot("O2", "src"), `.hot.flags[0] is "O2"` + flag},
		{"hot flags in one", hot(`"-O2 -g"`, "src"), `.hot.flags[0] is "-O2 -g"` + flag},
		{"hot flag with a variable", hot(`-O2, "-D$(shell id)"`, "src"), `.hot.flags[1] is "-D$(shell id)"` + flag},
		{"hot flag with a line break", hot(`"-O2\nall:"`, "src"), `.hot.flags[0] is "-O2\nall:"` + flag},
		{"no hot file", hot("-O2", `""`), ".hot.files[0] is missing" + source},
		{"hot file of another folder", hot("-O2", "a.c, ../b.c"), `.hot.files[1] is "../b.c"` + source},
		{"hot file from the root on", hot("-O2", "/src/a.c"), `.hot.files[0] is "/src/a.c"` + source},
		{"hot folder with a slash", hot("-O2", "src/"), `.hot.files[0] is "src/"` + source},
		{"hot folders", hot("-O2", "src//a"), `.hot.files[0] is "src//a"` + source},
		{"hot file that is not C", hot("-O2", "src/a.s"), `.hot.files[0] is "src/a.s"` + source},
		{"hot object of all", hot("-O2", `"%"`), `.hot.files[0] is "%"` + source},
		{"hot file with a line break", hot("-O2", `"src\nall:"`), `.hot.files[0] is "src\nall:"` + source},
		{"hot file and a line break", hot("-O2", `"src\n"`), `.hot.files[0] is "src\n"` + source},
		{"hot file with a space", hot("-O2", `"a.c b.c"`), `.hot.files[0] is "a.c b.c"` + source},
		{"hot file with a variable", hot("-O2", `"$(a)"`), `.hot.files[0] is "$(a)"` + source},

		{"no algorithm", "    unregister: {\"\": x}\n", `.unregister is missing` + algorithm},
		{"algorithm with a slash", "    unregister: {a/b: x}\n", `.unregister is "a/b"` + algorithm},
		{"algorithm with another pattern", "    unregister: {\"AES.[1]\": x}\n", `.unregister is "AES.[1]"` + algorithm},
		{"algorithm with a command", "    unregister: {\"A/e\\nid\": x}\n", `.unregister is "A/e\nid"` + algorithm},
		{"algorithm without a reason", "    unregister: {A: }\n", `.unregister["A"] has no reason`},
		{"hidden reason of an algorithm", "    unregister: {A: \"\\a\"}\n", `.unregister["A"] is "\a"` + line},

		{"edit of no file", change(`""`, "[a]", "b", "x"), ".edits[0].file is missing"},
		{"edit outside", change("../a", "[a]", "b", "x"), `.edits[0].file is "../a"` + path},
		{"edit from the root on", change("/etc/a", "[a]", "b", "x"), `.edits[0].file is "/etc/a"` + path},
		{"edit through dots", change("a/../../b", "[a]", "b", "x"), `.edits[0].file is "a/../../b"` + path},
		{"edit of the source itself", change(".", "[a]", "b", "x"), `.edits[0].file is "."` + path},
		{"edit of an option", change("--expression=e", "[a]", "b", "x"), `.edits[0].file is "--expression=e": it must not begin like an option`},
		{"edit with a line break in the file", change(`"a\nb"`, "[a]", "b", "x"), `.edits[0].file is "a\nb"` + line},
		{"edit of nothing", change("a", "[]", "b", "x"), ".edits[0].from is empty"},
		{"edit of an empty text", change("a", `[a, ""]`, "b", "x"), ".edits[0].from[1] is missing"},
		{"edit of a space", change("a", `[" "]`, "b", "x"), ".edits[0].from[0] is missing"},
		{"edit with a bar", change("a", `["a|e id"]`, "b", "x"), `.edits[0].from[0] is "a|e id"` + editable},
		{"edit with a backslash", change("a", `['a\']`, "b", "x"), `.edits[0].from[0] is "a\\"` + editable},
		{"edit of two lines", change("a", `["a\nb"]`, "b", "x"), `.edits[0].from[0] is "a\nb"` + line},
		{"edit with a NUL", change("a", `["a\0"]`, "b", "x"), `.edits[0].from[0] is "a\x00"` + line},
		{"edit to a bar", change("a", "[a]", `"b|e"`, "x"), `.edits[0].to is "b|e"` + editable},
		{"edit to a backslash", change("a", "[a]", `'\1'`, "x"), `.edits[0].to is "\\1"` + editable},
		{"edit to two lines", change("a", "[a]", `"b\nc"`, "x"), `.edits[0].to is "b\nc"` + line},
		{"edit to a NUL", change("a", "[a]", `"b\0"`, "x"), `.edits[0].to is "b\x00"` + line},
		{"edit to what is not seen", change("a", "[a]", `"b\u202ec"`, "x"), `.edits[0].to is "b\u202ec"` + line},
		{"edit without a reason", change("a", "[a]", "b", `""`), ".edits[0].why is missing"},
		{"edit with a hidden reason", change("a", "[a]", "b", `"\e[2J"`), `.edits[0].why is "\x1b[2J"` + line},
		{"second edit", "    edits:\n      - {file: a, from: [b], why: x}\n      - {file: a, from: [c]}\n", ".edits[1].why is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadDefinition(edited(t, "small.yaml", added(c.text)))
			expect(t, err, "small.yaml: field components[openssl]"+c.want)
		})
	}
}
