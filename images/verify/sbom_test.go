package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/content"
)

func sum(data string) string {
	h := sha256.Sum256([]byte(data))
	return hex.EncodeToString(h[:])
}

// entry is a file of an SPDX document.
func entry(path, sha256 string) string {
	return fmt.Sprintf(`{"fileName":"./%s","checksums":[{"algorithm":"SHA1","checksumValue":"x"},{"algorithm":"SHA256","checksumValue":"%s"}]}`, path, sha256)
}

func document(entries ...string) string {
	return `{"spdxVersion":"SPDX-2.3","files":[` + strings.Join(entries, ",") + `]}`
}

func image(files ...content.File) *content.Image {
	i := &content.Image{Files: map[string]content.File{}}
	for _, f := range files {
		if f.Mode.IsRegular() {
			f.SHA256 = sum(string(f.Data))
		}
		i.Files[f.Path] = f
	}
	return i
}

func file(path, data string) content.File { return content.File{Path: path, Data: []byte(data)} }

func TestHolds(t *testing.T) {
	t.Parallel()
	good := document(entry("a", sum("1")), entry("b/c", sum("2")))
	own := "var/lib/db/sbom/static.spdx.json"
	spaced := strings.ReplaceAll(good, ",", " ,\n")
	for name, c := range map[string]struct {
		document string
		files    []content.File
		want     []string
	}{
		"all":                        {good, []content.File{file("a", "1"), file("b/c", "2")}, nil},
		"folders and links":          {good, []content.File{file("a", "1"), file("b/c", "2"), {Path: "b", Mode: fs.ModeDir}, {Path: "l", Mode: fs.ModeSymlink, Link: "a"}}, nil},
		"itself":                     {good, []content.File{file("a", "1"), file("b/c", "2"), file(own, good)}, nil},
		"itself, laid out anew":      {good, []content.File{file("a", "1"), file("b/c", "2"), file(own, spaced)}, nil},
		"itself, and another":        {good, []content.File{file("a", "1"), file("b/c", "2"), file(own, document(entry("a", sum("1"))))}, []string{own + " is another document than the one that is signed"}},
		"itself, and no JSON":        {good, []content.File{file("a", "1"), file("b/c", "2"), file(own, "x")}, []string{own + " is another document than the one that is signed"}},
		"below where it is":          {good, []content.File{file("a", "1"), file("b/c", "2"), file("var/lib/db/sbom/d/x.spdx.json", good)}, []string{"var/lib/db/sbom/d/x.spdx.json is in the image, and not in the SBOM"}},
		"a byte":                     {good, []content.File{file("a", "3"), file("b/c", "2")}, []string{"a has other bytes: sha256 " + sum("3") + ", not " + sum("1")}},
		"one more":                   {good, []content.File{file("a", "1"), file("b/c", "2"), file("d", "")}, []string{"d is in the image, and not in the SBOM"}},
		"one less":                   {good, []content.File{file("a", "1")}, []string{"b/c is in the SBOM, and not in the image"}},
		"a link in its place":        {good, []content.File{file("a", "1"), {Path: "b/c", Mode: fs.ModeSymlink, Link: "a"}}, []string{"b/c is a file in the SBOM, and not in the image"}},
		"a device":                   {good, []content.File{file("a", "1"), file("b/c", "2"), {Path: "d", Mode: fs.ModeDevice}}, []string{"d is neither a file, a folder nor a link: D---------"}},
		"a name with an escape":      {good, []content.File{file("a", "1"), file("b/c", "2"), file("\x1b[2J", "")}, []string{"?[2J is in the image, and not in the SBOM"}},
		"a document that is no SBOM": {"{}", []content.File{file("a", "1")}, []string{`reading the SBOM: its version is "", not SPDX-2.3`}},
	} {
		if got, _ := holds([]byte(c.document), image(c.files...)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestFilesRefuses(t *testing.T) {
	t.Parallel()
	a := entry("a", sum("1"))
	for name, c := range map[string]struct{ document, want string }{
		"nothing":          {"", "EOF"},
		"no JSON":          {"{", "EOF"},
		"a list":           {"[]", "cannot unmarshal array"},
		"text after it":    {document(a) + "x", "there is something after it"},
		"two of them":      {document(a) + document(a), "there is something after it"},
		"another version":  {strings.Replace(document(a), "2.3", "2.2", 1), "not SPDX-2.3"},
		"no files":         {document(), "it lists no files"},
		"a file twice":     {document(a, a), `the name "./a" must be ./PATH, and once`},
		"absolute":         {document(strings.Replace(a, "./a", "/a", 1)), "must be ./PATH"},
		"above":            {document(entry("../a", sum("1"))), "must be ./PATH"},
		"no name":          {document(entry("", sum("1"))), "must be ./PATH"},
		"the root":         {document(entry(".", sum("1"))), "must be ./PATH"},
		"no checksum":      {document(`{"fileName":"./a"}`), "has no SHA256"},
		"no SHA256":        {document(strings.Replace(a, "SHA256", "SHA512", 1)), "has no SHA256"},
		"two SHA256":       {document(strings.Replace(a, "SHA1", "SHA256", 1)), "must have one SHA256"},
		"two good SHA256":  {document(strings.Replace(strings.Replace(a, `"x"`, `"`+sum("2")+`"`, 1), "SHA1", "SHA256", 1)), "must have one SHA256"},
		"short":            {document(entry("a", "12")), "of 64 hexadecimal digits"},
		"capitals":         {document(entry("a", strings.ToUpper(sum("1")))), "of 64 hexadecimal digits"},
		"a field twice":    {strings.Replace(document(a), `"files"`, `"files":[],"files"`, 1), `the field "files" is there twice`},
		"in another case":  {strings.Replace(document(a), `"files"`, `"Files":[],"files"`, 1), `the field "files" is there twice`},
		"twice, below":     {document(strings.Replace(a, `"fileName"`, `"fileName":"./b","fileName"`, 1)), "is there twice"},
		"deep":             {`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", "deeper than"},
		"an odd type":      {document(`{"fileName":1}`), "cannot unmarshal number"},
		"escape in a name": {document(entry(`\u001b[2J/`, sum("1"))), `the name "./?[2J/"`},
	} {
		if _, err := files([]byte(c.document)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzFiles: what is read is paths below the root, each with a SHA-256.
func FuzzFiles(f *testing.F) {
	f.Add([]byte(document(entry("a", sum("1")), entry("b/c", sum("2")))))
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3","files":[{"fileName":"./a","checksums":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := files(data)
		if err != nil {
			return
		}
		for p, sum := range all {
			if !fs.ValidPath(p) || p == "." || !sha256Form.MatchString(sum) {
				t.Errorf("%q has %q", p, sum)
			}
		}
		if !sameJSON(data, data) || len(all) == 0 {
			t.Errorf("%q is another one than itself, or has no files", data)
		}
	})
}
