package attest

import (
	"strings"
	"testing"
)

const minimal = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` +
	`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}],"predicateType":"https://spdx.dev/Document","predicate":{}}`

func TestEncode(t *testing.T) {
	t.Parallel()
	// Digits, order and characters stay as they are; only spaces go.
	line, err := about("a", SPDX, "{\n  \"z\": 12345678901234567890.10, \"a\": \"<&> é\"\n}").Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(minimal, `"predicate":{}`, `"predicate":{"z":12345678901234567890.10,"a":"<&> é"}`, 1)
	if string(line) != want {
		t.Errorf("got %s\nwant %s", line, want)
	}
	s, err := ParseStatement(line)
	if err != nil || s.Subject != digest("a") || s.PredicateType != SPDX || string(s.Predicate) != `{"z":12345678901234567890.10,"a":"<&> é"}` {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s    Statement
		want string
	}{
		"no subject":      {Statement{Document: Signed()}, "its subject must have one digest, a sha256"},
		"no type":         {about("a", "", "{}"), "predicate type required"},
		"no predicate":    {about("a", SPDX, "null"), "predicate"},
		"a list":          {about("a", SPDX, "[]"), "making a statement: "},
		"no JSON":         {about("a", SPDX, "{"), "encoding a statement: "},
		"repeated fields": {about("a", SPDX, `{"a":1,"a":2}`), "making a statement: "},
		"another hash":    {Statement{Subject: digest("g"), Document: Signed()}, "not valid hex"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.s.Encode()
			refused(t, err, c.want)
		})
	}
}

func TestParseStatementRefuses(t *testing.T) {
	t.Parallel()
	if _, err := ParseStatement([]byte(minimal)); err != nil {
		t.Fatal(err)
	}
	const hexadecimal = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for name, c := range map[string]struct{ was, is, want string }{
		"nothing":            {minimal, "", "reading a statement: "},
		"another type":       {"Statement/v1", "Statement/v2", "wrong statement type"},
		"unknown field":      {`"_type"`, `"other":1,"_type"`, `unknown field "other"`},
		"repeated field":     {`"predicate":{}`, `"predicate":{},"predicate":{}`, "duplicate field"},
		"other case":         {`"predicate":{}`, `"predicate":{},"Predicate":{"a":1}`, `unknown field "Predicate"`},
		"other name":         {`"predicateType"`, `"predicateType":"x","predicate_type"`, "duplicate field"},
		"text after it":      {`{}}`, `{}} {}`, "unexpected token"},
		"two subjects":       {`[{`, `[{"digest":{"sha256":"` + hexadecimal + `"}},{`, "it has 2 subjects"},
		"no subjects":        {`[{"digest":{"sha256":"` + hexadecimal + `"}}]`, "[]", "at least one subject"},
		"two digests":        {`{"sha256"`, `{"sha1":"` + hexadecimal[:40] + `","sha256"`, "one digest, a sha256"},
		"the same twice":     {`{"sha256"`, `{"sha256":"` + strings.Repeat("b", 64) + `","sha256"`, "duplicate map key"},
		"another algorithm":  {`"sha256"`, `"sha512"`, "incorrect length"},
		"upper case":         {hexadecimal, strings.ToUpper(hexadecimal), "not 64 lower-case hexadecimal digits"},
		"short":              {hexadecimal, "aa", "incorrect length"},
		"no predicate":       {`,"predicate":{}`, "", "predicate object required"},
		"predicate of text":  {`"predicate":{}`, `"predicate":"{}"`, "reading a statement: "},
		"not UTF-8":          {"spdx.dev", "spdx\xff.dev", "invalid UTF-8"},
		"too deep":           {`"predicate":{}`, `"predicate":` + strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), "recursion"},
		"too long":           {`"predicate":{}`, `"predicate":{"a":"` + strings.Repeat("a", limit) + `"}`, "must not have more than 16777216"},
		"subject of nothing": {`{"digest":{"sha256":"` + hexadecimal + `"}}`, "{}", "at least one of name, URI, or digest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(minimal, c.was, c.is, 1)
			if changed == minimal {
				t.Fatal("nothing was changed")
			}
			_, err := ParseStatement([]byte(changed))
			refused(t, err, c.want)
		})
	}
}
