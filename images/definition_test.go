package images_test

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nginx-scratch/nginx-scratch/images"
)

func TestLoadDefinition(t *testing.T) {
	t.Parallel()
	d := small(t, edit{})
	if d.Budgets != (images.Budgets{Disk: 200, Compressed: 100}) {
		t.Errorf("budgets are %+v", d.Budgets)
	}
	if got := slices.Collect(maps.Keys(d.Flags.Since)); !slices.Equal(got, []int{13}) {
		t.Errorf("compile_since_gcc has %v", got)
	}
	c, ok := d.Component("openssl")
	if !ok || c.Version != "3.5.7" || c.Remove["apps"] != "programs, not library" {
		t.Errorf("openssl is %+v, %v", c, ok)
	}
	if _, ok := d.Component("zlib"); ok {
		t.Error("there is a component that the file does not have")
	}
}

func TestDefinitionDecoding(t *testing.T) {
	t.Parallel()
	const conf = "  - {from: conf/nginx.conf, to: etc/nginx/nginx.conf}"
	for _, e := range []edit{
		{"unknown at the top", "budgets:", "bogus: 1\nbudgets:", "small.yaml:13: `bogus: 1`: field bogus not found in type images.Definition"},
		{"unknown in image", "  user:", "  usr: x\n  user:", "small.yaml:7: `usr: x`: field usr not found in type images.Image"},
		{"unknown in budgets", "  disk:", "  tape: 1\n  disk:", "small.yaml:14: `tape: 1`: field tape not found in type images.Budgets"},
		{"unknown in flags", "  link:", "  ld: []\n  link:", "small.yaml:22: `ld: []`: field ld not found in type images.Flags"},
		{"unknown in a component", "    remove:", "    removed: {}\n    remove:", "small.yaml:32: `removed: {}`: field removed not found in type images.Component"},
		{"unknown in config", "to: etc", "too: x, to: etc", "small.yaml:37: `- {from: conf/nginx.conf, too: x, to: etc/nginx/nginx.conf}`: field too not found in type images.Mapping"},
		{"other case", "budgets:", "Budgets:", "small.yaml:13: `Budgets:`: field Budgets not found in type images.Definition"},
		{"two at once", "paths:", "one: 1\ntwo: 2\npaths:", "small.yaml:38: `one: 1`: field one not found in type images.Definition\n" +
			"small.yaml:39: `two: 2`: field two not found in type images.Definition"},
		{"duplicate", "paths:", "name: x\npaths:", "small.yaml:38: `name: x`: mapping key \"name\" already defined at line 1"},
		{"duplicate in a map", "      apps:", "      apps: x\n      apps:", "small.yaml:34: `apps: programs, not library`: mapping key \"apps\" already defined at line 33"},
		{"text for a number", "disk: 200", "disk: lots", "small.yaml:14: `disk: lots`: cannot construct !!str `lots` into int64"},
		{"fraction", "disk: 200", "disk: 1.5", "small.yaml:14: `disk: 1.5`: cannot construct !!float `1.5` into int64"},
		{"too large", "disk: 200", "disk: 99999999999999999999", "small.yaml:14: `disk: 99999999999999999999`: cannot construct..."},
		{"text for a list", "[8080/tcp]", "8080/tcp", "small.yaml:8: `ports: 8080/tcp`: cannot construct !!str `8080/tcp` into []string"},
		{"list for text", "title: Small", "title: [Small]", "small.yaml:3: `title: [Small]`: cannot construct !!seq into string"},
		{"map for a list", conf, "  from: x", "small.yaml:37: `from: x`: cannot construct !!map into []images.Mapping"},
		{"compiler version", "13: [", "x: [", "small.yaml:19: `x: [-fstrict-flex-arrays=3]`: cannot construct !!str `x` into int"},
		{"character that reorders", "title: Small", "title: Small # \u202ex", "small.yaml:3: U+202E, in column 18, is no character that is seen: remove it"},
		{"bytes that are no text", "title: Small", "title: \xff", "small.yaml:3: U+FFFD, in column 10, is no character that is seen: remove it"},
		{"carriage return", "title: Small", "title: Small\r", "small.yaml:3: U+000D, in column 15, is no character that is seen: remove it"},
		{"tab", "paths:", "\tpaths:", "small.yaml:38: U+0009, in column 1, is no character that is seen: remove it"},
		{"hidden by an escape", "disk: 200", `disk: "\x9b1m"`, "small.yaml:14: `disk: \"\\x9b1m\"`: cannot construct !!str `?1m` into int64"},
		{"syntax", "name: small", "name: small: x", "small.yaml: go-yaml load error in scanner at L1.C12: mapping values are not allowed in this context"},
		{"second document", "paths:", "---\npaths:", "small.yaml: yaml: expected single document, found multiple"},
		{"long line", "title: Small", "title: [" + strings.Repeat("x", 200) + "]", "small.yaml:3: `title: [" + strings.Repeat("x", 92) + "`...: cannot construct !!seq into string"},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadDefinition(edited(t, "small.yaml", e))
			expect(t, err, e.want)
		})
	}
}

func TestDefinitionFile(t *testing.T) {
	t.Parallel()
	_, err := images.LoadDefinition(fstest.MapFS{}, "small.yaml")
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "reading the definition: ") {
		t.Errorf("a missing file gives %v", err)
	}
	for name, text := range map[string]string{
		"empty": "", "a list": "[]", "text": "a", "UTF-16": "\xff\xfe", "binary": "\x00\x01", "bad UTF-8": "name: \xff",
		"loop": "name: &a [*a]", "other name": edited(t, "small.yaml", edit{old: "name: small", new: "name: large"}),
	} {
		_, err := loadDefinition(text)
		if err == nil || !strings.HasPrefix(err.Error(), "small.yaml") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Everything that is missing is reported at once, one line each, in the order
// of the file.
func TestEmptyDefinition(t *testing.T) {
	t.Parallel()
	_, err := loadDefinition("{}")
	expect(t, err, `small.yaml: field name is missing: it must be lower-case letters, digits and dashes
small.yaml: field name is "": it must be "small", as the file is
small.yaml: field image.title is missing
small.yaml: field image.description is missing
small.yaml: field image.source is missing: it must be an https address
small.yaml: field image.licenses is missing
small.yaml: field image.user is missing: it must be UID:GID, numbers, neither of them 0
small.yaml: field image.stop_signal is missing: it must be the name of a signal, like SIGQUIT
small.yaml: field image.path is missing: it must be folders from the root on, with colons between them
small.yaml: field image.command is missing
small.yaml: field image.binary is missing
small.yaml: field budgets.disk must be a number of bytes
small.yaml: field budgets.compressed must be a number of bytes
small.yaml: field platforms is empty
small.yaml: field components is empty
small.yaml: field config is empty
small.yaml: field paths is empty`)
}
