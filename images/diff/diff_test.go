package diff

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/content"
)

var update = flag.Bool("update", false, "write the golden files")

func hash(digit string) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: strings.Repeat(digit, 64)} }

func file(path, data string) content.File {
	sum := sha256.Sum256([]byte(data))
	return content.File{Path: path, Mode: 0o644, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]), Data: []byte(data)}
}

// image has a digest, which stands for all of it, and files.
func image(digit string, files ...content.File) *content.Image {
	i := &content.Image{
		Digest: hash(digit), Files: map[string]content.File{},
		Layers: []content.Layer{{Digest: hash(digit), DiffID: hash(digit), Size: 1000}},
		Config: v1.ConfigFile{Created: v1.Time{Time: time.Unix(0, 0)}, Config: v1.Config{User: "65532:65532"}},
	}
	for _, f := range files {
		i.Files[f.Path] = f
	}
	return i
}

func side(name string, images map[string]*content.Image) Side {
	return Side{Name: name, Digest: "sha256:" + name, Images: images}
}

// compareOne compares two images for one platform.
func compareOne(before, after *content.Image) Platform {
	r := Compare(side("a", map[string]*content.Image{"linux/amd64": before}), side("b", map[string]*content.Image{"linux/amd64": after}))
	return r.Platforms[0]
}

func TestSame(t *testing.T) {
	t.Parallel()
	s := side("a", map[string]*content.Image{"linux/amd64": image("a", file("x", "1"))})
	r := Compare(s, s)
	if !r.Same || !r.Platforms[0].Same || len(r.Platforms[0].Changed) > 0 {
		t.Errorf("got %+v", r)
	}
	if text, err := r.Format("text"); err != nil || text != "a and a are the same: sha256:a\n" {
		t.Errorf("got %q, %v", text, err)
	}
}

// Each thing that can differ is found, and nothing else.
func TestInjectedDifferences(t *testing.T) {
	t.Parallel()
	set := func(change func(*content.File)) *content.Image {
		f := file("x", "one\ntwo\n")
		change(&f)
		return image("b", f)
	}
	config := func(change func(*v1.ConfigFile)) *content.Image {
		i := image("b", file("x", "one\ntwo\n"))
		i.Layers = image("a").Layers
		change(&i.Config)
		return i
	}
	sized := FileChange{Path: "x", Size: Sizes{8, 8}}
	about := func(name, before, after string) []FileChange {
		c := sized
		c.About = []Change{{name, before, after}}
		return []FileChange{c}
	}
	text := sized
	text.Bytes = &Bytes{Offset: 4, Line: 2, Before: `"two"`, After: `"2wo"`}
	binary := FileChange{Path: "x", Size: Sizes{8, 3}, Bytes: &Bytes{Offset: 1, Before: "6e 65 0a 74 77 6f 0a", After: "00 01"}}
	shorter := FileChange{Path: "x", Size: Sizes{8, 4}, Bytes: &Bytes{Offset: 4, Line: 2, Before: `"two"`, After: "(the end)"}}
	other := FileChange{Path: "x", Size: Sizes{8, 8}, Other: true}
	for name, c := range map[string]struct {
		after *content.Image
		want  Platform
	}{
		"a line":     {set(func(f *content.File) { *f = file("x", "one\n2wo\n") }), Platform{Changed: []FileChange{text}}},
		"bytes":      {set(func(f *content.File) { *f = file("x", "o\x00\x01") }), Platform{Changed: []FileChange{binary}}},
		"shorter":    {set(func(f *content.File) { *f = file("x", "one\n") }), Platform{Changed: []FileChange{shorter}}},
		"not kept":   {set(func(f *content.File) { *f = file("x", "one\n2wo\n"); f.Data = nil }), Platform{Changed: []FileChange{other}}},
		"mode":       {set(func(f *content.File) { f.Mode = 0o755 }), Platform{Changed: about("mode", "-rw-r--r--", "-rwxr-xr-x")}},
		"setuid":     {set(func(f *content.File) { f.Mode |= fs.ModeSetuid }), Platform{Changed: about("mode", "-rw-r--r--", "urw-r--r--")}},
		"owner":      {set(func(f *content.File) { f.UID = 7 }), Platform{Changed: about("owner", "0:0", "7:0")}},
		"group":      {set(func(f *content.File) { f.GID = 7 }), Platform{Changed: about("owner", "0:0", "0:7")}},
		"time":       {set(func(f *content.File) { f.ModTime = 1 }), Platform{Changed: about("time", "1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z")}},
		"attribute":  {set(func(f *content.File) { f.Attributes = `"a=b"` }), Platform{Changed: about("attributes", "", `"a=b"`)}},
		"a link":     {set(func(f *content.File) { f.Link = "y" }), Platform{Changed: about("leads to", "", "y")}},
		"added":      {image("b", file("x", "one\ntwo\n"), file("y", "1")), Platform{Added: []FileAbout{{"y", "-rw-r--r--", 1}}}},
		"removed":    {image("b"), Platform{Removed: []FileAbout{{"x", "-rw-r--r--", 8}}}},
		"user":       {config(func(c *v1.ConfigFile) { c.Config.User = "0" }), Platform{Config: []Change{{"user", "65532:65532", "0"}}}},
		"env":        {config(func(c *v1.ConfigFile) { c.Config.Env = []string{"A=b=c"} }), Platform{Config: []Change{{"env A", "", "b=c"}}}},
		"label":      {config(func(c *v1.ConfigFile) { c.Config.Labels = map[string]string{"a": "b"} }), Platform{Config: []Change{{"label a", "", "b"}}}},
		"entrypoint": {config(func(c *v1.ConfigFile) { c.Config.Entrypoint = []string{"a b"} }), Platform{Config: []Change{{"entrypoint", "", `["a b"]`}}}},
		"port": {config(func(c *v1.ConfigFile) { c.Config.ExposedPorts = map[string]struct{}{"80/tcp": {}} }), Platform{
			Config: []Change{{"ports", "", `["80/tcp"]`}},
		}},
		"created": {config(func(c *v1.ConfigFile) { c.Created.Time = time.Unix(60, 0) }), Platform{
			Config: []Change{{"created", "1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z"}},
		}},
		"nginx by its label": {config(func(c *v1.ConfigFile) { c.Config.Labels = map[string]string{labels + "revision": "1.2-3"} }), Platform{
			Components: []Change{{"nginx", "", "1.2-3"}}, Config: []Change{{"label " + labels + "revision", "", "1.2-3"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := compareOne(image("a", file("x", "one\ntwo\n")), c.after)
			reported := Platform{
				Components: got.Components, Config: got.Config, Added: got.Added, Removed: got.Removed, Changed: got.Changed, Packing: got.Packing,
			}
			if diff := cmp.Diff(c.want, reported); diff != "" || got.Same {
				t.Error(diff)
			}
		})
	}
}

// The same files in other archives.
func TestPacking(t *testing.T) {
	t.Parallel()
	got := compareOne(image("a", file("x", "1")), image("b", file("x", "1")))
	if got.Packing == "" || len(got.Layers) != 2 || got.Layers[0].Name != "diffID 1" {
		t.Errorf("got %+v", got)
	}
}

func TestComponents(t *testing.T) {
	t.Parallel()
	spdx := func(version string) content.File {
		return file("var/lib/db/sbom/static.spdx.json", `{"packages":[{"name":"nginx","versionInfo":"`+version+`"},{"name":"zlib","versionInfo":"1"}]}`)
	}
	apk := func(version string) content.File {
		return file(apkDatabase, "P:musl\nV:"+version+"\nF:lib\n\nP:zlib\nV:1\n")
	}
	for name, c := range map[string]struct {
		before, after content.File
		want          []Change
	}{
		"by the SBOM":        {spdx("1.26"), spdx("1.28"), []Change{{"nginx", "1.26", "1.28"}}},
		"by its patches":     {spdx("1.26"), spdx(`1.26","sourceInfo":"with 2 patches of 1.26-3`), []Change{{"nginx", "1.26", "1.26 with 2 patches of 1.26-3"}}},
		"by apk's database":  {apk("1.2"), apk("1.3"), []Change{{"musl", "1.2", "1.3"}}},
		"from one to other":  {apk("1.2"), spdx("1.28"), []Change{{"musl", "1.2", ""}, {"nginx", "", "1.28"}}},
		"a SBOM that is bad": {spdx("1.26"), file("var/lib/db/sbom/x.spdx.json", "{"), []Change{{"nginx", "1.26", ""}, {"zlib", "1", ""}}},
	} {
		if diff := cmp.Diff(c.want, compareOne(image("a", c.before), image("b", c.after)).Components); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFixed(t *testing.T) {
	t.Parallel()
	a := Side{Name: "a", Images: map[string]*content.Image{"linux/amd64": image("a")}, Fixed: map[string][]string{"": {"CVE-1", "CVE-2"}}}
	b := Side{Name: "b", Images: map[string]*content.Image{"linux/amd64": image("b")}, Fixed: map[string][]string{
		"": {"CVE-1"}, "linux/amd64": {"CVE-4", "CVE-3", "CVE-3"}, "linux/arm64": {"CVE-9"},
	}}
	p := Compare(a, b).Platforms[0]
	if diff := cmp.Diff([][]string{{"CVE-3", "CVE-4"}, {"CVE-2"}}, [][]string{p.Fixed, p.Unfixed}); diff != "" {
		t.Error(diff)
	}
	a.Fixed = nil // then nothing is known
	if p := Compare(a, b).Platforms[0]; p.Fixed != nil || p.Unfixed != nil {
		t.Errorf("got %q, %q", p.Fixed, p.Unfixed)
	}
}

func TestELF(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Skip("this machine's programs are no ELF files")
	}
	for _, name := range []string{".rodata", ".text"} {
		s := f.Section(name)
		changed := bytes.Clone(data)
		changed[s.Offset+5] ^= 0xff
		got := compareOne(image("a", file("x", string(data))), image("b", file("x", string(changed)))).Changed[0]
		want := []Section{{name, int64(s.FileSize), int64(s.FileSize)}}
		if diff := cmp.Diff(want, got.Sections); diff != "" || got.Bytes.Section != name || got.Bytes.Offset != int64(s.Offset)+5 {
			t.Errorf("%s: %s, %+v", name, diff, got.Bytes)
		}
	}
	header := bytes.Clone(data)
	header[24] ^= 1 // e_entry
	got := compareOne(image("a", file("x", string(data))), image("b", file("x", string(header)))).Changed[0]
	if got.Bytes.Section != elfHeader || len(got.Sections) != 1 || got.Sections[0].Name != elfHeader {
		t.Errorf("got %+v, %+v", got.Bytes, got.Sections)
	}
}

func TestSectionsThatOneHas(t *testing.T) {
	t.Parallel()
	one, two := section{name: "a", size: 1}, section{name: "a", size: 2, sum: [32]byte{1}}
	got := compareSections([]section{one, one, {name: "b", size: 3}}, []section{one, two, {name: "c", size: 4}})
	if diff := cmp.Diff([]Section{{"a", 1, 2}, {"b", 3, -1}, {"c", -1, 4}}, got); diff != "" {
		t.Error(diff)
	}
}

// Overlapping sections would be hashed for ever.
func TestHostileSections(t *testing.T) {
	t.Parallel()
	data := craft(1000)
	if all := readSections(data); len(all) > 10 {
		t.Errorf("%d sections were hashed", len(all))
	}
}

// craft is an ELF file of n sections that each have all of it.
func craft(n int) []byte {
	const header, entry = 64, 64
	data := make([]byte, header+n*entry)
	copy(data, "\x7fELF\x02\x01\x01")
	put := func(at int, value uint64, size int) {
		for i := range size {
			data[at+i] = byte(value >> (8 * i))
		}
	}
	put(16, 3, 2)
	put(18, 62, 2)
	put(20, 1, 4)
	put(40, header, 8)
	put(52, header, 2)
	put(54, 56, 2)
	put(58, entry, 2)
	put(60, uint64(n), 2)
	put(62, 1, 2)
	for i := 1; i < n; i++ {
		at := header + i*entry
		kind := uint64(1)
		if i == 1 {
			kind = 3
		}
		put(at+4, kind, 4)
		put(at+32, uint64(len(data)), 8)
	}
	return data
}

// FuzzELF: whatever the bytes, sections are within them.
func FuzzELF(f *testing.F) {
	f.Add(craft(5))
	f.Add([]byte("\x7fELF\x01\x01\x01" + strings.Repeat("\xff", 100)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range readSections(data) {
			if s.offset < 0 || s.size <= 0 || s.offset+s.size > int64(len(data)) {
				t.Errorf("%+v of %d bytes", s, len(data))
			}
		}
	})
}

// TestFormats has one of everything.
func TestFormats(t *testing.T) {
	t.Parallel()
	before := image("a", file("etc/nginx/nginx.conf", "worker_processes 1;\n"), file("usr/sbin/nginx", "\x00abc"), file("gone", "x"), file("mode", ""))
	mode := file("mode", "")
	mode.Mode = 0o755
	after := image("b", file("etc/nginx/nginx.conf", "worker_processes auto;\n"), file("usr/sbin/nginx", "\x00abd"), mode,
		file("a`b|c\x1b[2J\n", strings.Repeat("x", 2000)))
	after.Config.Config.Labels = map[string]string{labels + "revision": "1.26.3-4"}
	a, b := side("a", map[string]*content.Image{"linux/amd64": before, "linux/arm64": before}), side("b", map[string]*content.Image{"linux/amd64": after, "linux/riscv64": after})
	a.Fixed, b.Fixed = map[string][]string{}, map[string][]string{"": {"CVE-2026-1642"}}
	for format, name := range map[string]string{"text": "report.txt", "markdown": "report.md", "json": "report.json"} {
		got, err := Compare(a, b).Format(format)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, "\x1b") {
			t.Errorf("%s steers the terminal", format)
		}
		name = filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: if the change is meant, run the test with -update:\n%s", name, diff)
		}
		if format == "json" && !json.Valid([]byte(got)) {
			t.Error("it is no JSON")
		}
	}
	if _, err := (Report{}).Format("xml"); err == nil || !strings.Contains(err.Error(), "text, json, markdown") {
		t.Errorf("got %v", err)
	}
}

func TestManyLines(t *testing.T) {
	t.Parallel()
	var p Platform
	for range mostLines + 7 {
		p.Added = append(p.Added, FileAbout{Path: "x"})
	}
	text := Report{Platforms: []Platform{p}}.text()
	if n := strings.Count(text, "\n    x"); n != mostLines || !strings.Contains(text, "and 7 more") {
		t.Errorf("%d lines: %s", n, text)
	}
}
