package images_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
)

func TestLoadLock(t *testing.T) {
	t.Parallel()
	d := small(t, edit{})
	l, err := loadLock(edited(t, "small.lock.json", edit{}), d)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC); l.Epoch() != want {
		t.Errorf("the epoch is %v, not %v", l.Epoch(), want)
	}
	openssl, ok := l.Component("openssl")
	if !ok || openssl.Version != "3.5.7" {
		t.Errorf("openssl is %+v, %v", openssl, ok)
	}
	musl, _ := l.Component("musl")
	if _, ok := l.Component("zlib"); ok {
		t.Error("there is a component that the file does not have")
	}
	if got := files(musl.Inputs()); !slices.Equal(got, []string{"musl_1.2.5.orig.tar.gz"}) {
		t.Errorf("inputs of musl are %q", got)
	}
	if got := files(openssl.Inputs()); !slices.Equal(got, []string{"openssl_3.5.7.orig.tar.gz", "openssl_3.5.7-1~deb13u2.debian.tar.xz"}) {
		t.Errorf("inputs of openssl are %q", got)
	}
	c, _ := d.Component("openssl")
	if got := openssl.Applied(c); len(got) != 1 || got[0].File != "CVE-2026-1.patch" {
		t.Errorf("applied patches of openssl are %v", got)
	}
	if got := len(openssl.Patches.Patches); got != 2 {
		t.Errorf("asking for the applied patches left %d in the lock", got)
	}
	if got := musl.Applied(c); got != nil {
		t.Errorf("applied patches of musl are %v", got)
	}
}

func files(inputs []images.Input) []string {
	var names []string
	for _, in := range inputs {
		names = append(names, in.File)
	}
	return names
}

func TestLockDecoding(t *testing.T) {
	t.Parallel()
	const rule = ": fields are not repeated, and have the names, order and indentation of the committed lock"
	for _, e := range []edit{
		{"unknown at the top", `  "components": [`, "  \"bogus\": 1,\n  \"components\": [", "small.lock.json:4: there is `  \"bogus\": 1,` where `  \"components\": [` belongs" + rule},
		{"unknown in an input", `        "size": 10,`, "        \"size\": 10,\n        \"sise\": 5,", "small.lock.json:12: there is `        \"sise\": 5,` where `        \"places\": [` belongs" + rule},
		{"misspelt", `"size": 10`, `"sise": 10`, "small.lock.json:11: there is `        \"sise\": 10,` where `        \"size\": 0,` belongs" + rule},
		{"misspelt in a series", `"revision"`, `"version"`, "small.lock.json:30: there is `        \"version\": \"3.5.7-1~deb13u2\",` where `        \"revision\": \"\",` belongs" + rule},
		{"other case", `"definition"`, `"Definition"`, "small.lock.json:2: there is `  \"Definition\": \"small\",` where `  \"definition\": \"small\",` belongs" + rule},
		{"duplicate", `  "components": [`, "  \"definition\": \"small\",\n  \"components\": [", "small.lock.json:4: there is `  \"definition\": \"small\",` where `  \"components\": [` belongs" + rule},
		{"duplicate of a hash", `        "size": 10,`, `        "sha256": "` + strings.Repeat("f", 64) + "\",\n        \"size\": 10,", `small.lock.json:10: there is ...`},
		{"missing", "        \"size\": 10,\n", "", "small.lock.json:11: there is `        \"places\": [` where `        \"size\": 0,` belongs" + rule},
		{"nothing", `"size": 10`, `"size": null`, "small.lock.json:11: there is `        \"size\": null,` where `        \"size\": 0,` belongs" + rule},
		{"two spellings of one text", `"definition": "small"`, `"definition": "sm\u0061ll"`, "small.lock.json:2: there is `  \"definition\": \"sm\\u0061ll\",` where..."},
		{"bytes that are no text", `"definition": "small"`, "\"definition\": \"small\xff\"", `small.lock.json:2: there is ...`},
		{"indentation", `  "definition"`, `    "definition"`, "small.lock.json:2: there is `    \"definition\": \"small\",` where `  \"definition\": \"small\",` belongs" + rule},
		{"text for a number", `"size": 10`, `"size": "10"`, "small.lock.json:11: json: cannot unmarshal string into Go struct field Input.components.source.size of type int64"},
		{"fraction", `"size": 10`, `"size": 1.5`, "small.lock.json:11: json: cannot unmarshal number 1.5 into Go struct field Input.components.source.size of type int64"},
		{"too large", `1700000000`, `99999999999999999999`, "small.lock.json:3: json: cannot unmarshal number 99999999999999999999 into Go struct field Lock.source_date_epoch of type int64"},
		{"number for text", `"definition": "small"`, `"definition": 5`, "small.lock.json:2: json: cannot unmarshal number into Go struct field Lock.definition of type string"},
		{"list for an object", `"patches": {`, `"patches": [`, "small.lock.json:30: invalid character ':' after array element"},
		{"syntax", `"definition":`, `"definition"`, "small.lock.json:2: invalid character '\"' after object key"},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadLock(edited(t, "small.lock.json", e), small(t, edit{}))
			expect(t, err, e.want)
		})
	}
}

func TestLockFile(t *testing.T) {
	t.Parallel()
	_, err := images.LoadLock(fstest.MapFS{}, "small.lock.json", small(t, edit{}))
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "reading the lock: ") {
		t.Errorf("a missing file gives %v", err)
	}
	good := edited(t, "small.lock.json", edit{})
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "small.lock.json:1: unexpected end of JSON input"},
		{"cut off", good[:200], "small.lock.json:10: unexpected end of JSON input"},
		{"a second value", good + "{}\n", "small.lock.json:53: invalid character '{' after top-level value"},
		{"a second line", good + "\n", "small.lock.json: must end in exactly one newline after the last brace"},
		{"no newline", strings.TrimSpace(good), "small.lock.json: must end in exactly one newline after the last brace"},
		{"a byte order mark", "\ufeff" + good, "small.lock.json:1: invalid character 'ï' looking for beginning of value"},
		{"list", "[]", "small.lock.json:1: json: cannot unmarshal array into Go value of type images.Lock"},
		{"nothing", "null\n", "small.lock.json:1: there is `null` where `{` belongs..."},
		{"on one line", strings.ReplaceAll(good, "\n", ""), "small.lock.json:1: there is `{  \"definition\": \"small\", ..."},
		{"deep", strings.Repeat("[", 100_000), "small.lock.json:1: invalid character '[' exceeded max depth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadLock(c.text, small(t, edit{}))
			expect(t, err, c.want)
		})
	}
}
