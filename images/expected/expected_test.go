package expected

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func digests(digit string) Digests {
	h := func(c string) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: strings.Repeat(digit+c, 32)} }
	return Digests{h("1"), h("2"), h("3")}
}

var (
	gcc12 = Build{"linux/amd64", "host", "gcc (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40"}
	gcc14 = Build{"linux/amd64", "alpine", "gcc (Alpine 14.2.0) 14.2.0, GNU ld (GNU Binutils) 2.43.1"}
	made  = Build{"linux/arm64/v8", "packages", ""}
)

func sample(t testing.TB) *File {
	t.Helper()
	f := &File{Name: "static"}
	for b, digit := range map[Build]string{made: "a", gcc12: "b", gcc14: "c"} {
		if err := f.Set(b, digests(digit)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestEncodeAndParse(t *testing.T) {
	t.Parallel()
	text := string(sample(t).Encode())
	want := header + `static

linux/amd64 alpine gcc (Alpine 14.2.0) 14.2.0, GNU ld (GNU Binutils) 2.43.1
  diffid   sha256:` + strings.Repeat("c1", 32) + `
  manifest sha256:` + strings.Repeat("c2", 32) + `
  index    sha256:` + strings.Repeat("c3", 32) + "\n"
	if !strings.HasPrefix(text, want) {
		t.Errorf("got %s\nwant at its start %s", text, want)
	}
	f, err := Parse("images/static.digests", "static", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if again := string(f.Encode()); again != text {
		t.Errorf("got %s\nwant %s", again, text)
	}
	for b, digit := range map[Build]string{made: "a", gcc12: "b", gcc14: "c"} {
		if got, ok := f.Lookup(b); !ok || got != digests(digit) {
			t.Errorf("%s: %v, %v", b, got, ok)
		}
	}
	other := gcc12
	other.Toolchain = "gcc 13"
	if _, ok := f.Lookup(other); ok {
		t.Error("another toolchain has digests")
	}
	if n := len(f.Builds()); n != 3 {
		t.Errorf("there are %d builds", n)
	}
}

func TestSetReplaces(t *testing.T) {
	t.Parallel()
	f := sample(t)
	if err := f.Set(gcc12, digests("d")); err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Lookup(gcc12); got != digests("d") || len(f.Builds()) != 3 {
		t.Errorf("got %v of %v", got, f.Builds())
	}
	for _, b := range []Build{{"linux", "host", ""}, {"linux/amd64", "", ""}, {"linux/amd64", "host", "a\nb"}, {"linux/amd64", "host", "a  b"}} {
		if err := f.Set(b, digests("d")); err == nil {
			t.Errorf("%q was taken", b)
		}
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	f, err := Parse("x", "alpine", (&File{Name: "alpine"}).Encode())
	if err != nil || len(f.Builds()) != 0 {
		t.Errorf("got %v, %v", f, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := string(sample(t).Encode())
	for name, c := range map[string]struct{ was, is, want string }{
		"nothing":          {good, "", "d:1: the first line must be"},
		"of another":       {"image static", "image alpine", "d:1: the first line must be"},
		"no empty line":    {"\n\nlinux/amd64 alpine", "\nlinux/amd64 alpine", "d:2: there must be an empty line"},
		"two empty lines":  {"\n\nlinux/amd64 alpine", "\n\n\nlinux/amd64 alpine", "d:3: "},
		"only a platform":  {"linux/arm64/v8 packages", "linux/arm64/v8", "d:13: "},
		"bad platform":     {"linux/arm64/v8", "Linux/arm64", "d:13: platform"},
		"bad base":         {" packages", " PACKAGES", "d:13: base"},
		"space at the end": {" packages\n", " packages \n", `must be written as`},
		"two spaces":       {"gcc (Alpine", "gcc  (Alpine", "d:3: toolchain"},
		"control":          {"gcc (Alpine", "gcc\x1b(Alpine", "d:3: toolchain"},
		"order":            {"linux/amd64 alpine", "linux/amd64 zzz", "d:8: "},
		"twice":            {gcc14.String(), gcc12.String(), "d:8: "},
		"another name":     {"  diffid   ", "  diffID   ", "d:4: "},
		"another order":    {"  manifest sha256", "  index    sha256", "d:5: "},
		"short digest":     {"sha256:c1", "sha256:c", "d:4: "},
		"capitals":         {"sha256:c1", "sha256:C1", "d:4: "},
		"another hash":     {"sha256:c1", "sha512:c1", "d:4: "},
		"cut":              {"  index    sha256:" + strings.Repeat("a3", 32) + "\n", "", "d:16: "},
		"no last newline":  {strings.Repeat("a3", 32) + "\n", strings.Repeat("a3", 32), "d:17: "},
		"more":             {strings.Repeat("a3", 32) + "\n", strings.Repeat("a3", 32) + "\n\n", "d:18: "},
		"carriage return":  {"\n\nlinux/amd64 alpine", "\r\n\nlinux/amd64 alpine", "d:1: "},
		"too long":         {good, strings.Repeat(good, maxSize/len(good)+1), "more than"},
	} {
		changed := strings.Replace(good, c.was, c.is, 1)
		if changed == good {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := Parse("d", "static", []byte(changed)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzParse: what is accepted is what would be written.
func FuzzParse(f *testing.F) {
	good := sample(f).Encode()
	f.Add(good)
	f.Add([]byte(header + "static\n"))
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := Parse("d", "static", data)
		if err == nil && string(parsed.Encode()) != string(data) {
			t.Errorf("%q was read as %q", data, parsed.Encode())
		}
	})
}
