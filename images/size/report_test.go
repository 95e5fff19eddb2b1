package size

import (
	"strings"
	"testing"
)

// sample is a small image whose names are hostile to terminals and to HTML.
func sample() Report {
	return NewReport("static", Platform{
		Platform: "linux/amd64", Manifest: "sha256:ab", Disk: 10300, Compressed: 4000, Detail: Components,
		Files: []File{
			{Path: "usr/sbin/nginx", Bytes: 10000, Parts: []Part{
				{"openssl", "libcrypto-lib-aes.o", ".text", "AES_encrypt", 5000},
				{"openssl", "libcrypto-lib-aes.o", ".rodata", "T&ables<0>", 2000},
				{"openssl", "libcrypto-lib-err.o", ".data.rel.ro", "reasons", 600},
				{"nginx", "ngx_http_proxy_*", ".text", "ngx_http_proxy_handler", 1200},
				{"nginx", "ngx_http_proxy_*", ".rodata", Strings, 700},
				{"nginx", "", ".data", "ngx_cycle", 300},
				{Linker, "", padding, "", 200},
			}},
			Whole("etc/nginx/nginx.conf", "configuration and pages", "", 300),
			Whole("run", "configuration and pages", "", 0),
		},
	})
}

// smaller is the same image before: some parts were others, one file was not there.
func smaller() Report {
	r := sample()
	p := &r.Platforms[0]
	p.Files[0].Parts[0].Bytes -= 1000
	p.Files[0].Parts[2] = Part{"openssl", "libcrypto-lib-err.o", ".data.rel.ro", "other", 50}
	p.Files[0].Bytes -= 1550
	p.Files = p.Files[:1]
	p.Disk, p.Compressed = p.Files[0].Bytes, 3000
	return r
}

func TestText(t *testing.T) {
	t.Parallel()
	before, after := smaller().Platforms[0], sample().Platforms[0]
	golden(t, "report.txt", sample().Text(map[string]Difference{"linux/amd64": Compare("old/size.json", before, after)}))
}

func TestPage(t *testing.T) {
	t.Parallel()
	before, after := smaller().Platforms[0], sample().Platforms[0]
	page, err := sample().Page(map[string]Difference{"linux/amd64": Compare("<old>", before, after)})
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(page, "<body>")
	golden(t, "body.html", body)
	for _, forbidden := range []string{"http://", "https://", "src=", "<script", "<link", "url(", "@import", "T&ables", "<old>"} {
		if strings.Contains(strings.ReplaceAll(page, `xmlns="http://www.w3.org/2000/svg"`, ""), forbidden) {
			t.Errorf("the page has %q: it needs nothing else, and escapes all names", forbidden)
		}
	}
}

func TestPageIsTheSameTwice(t *testing.T) {
	t.Parallel()
	a, errA := sample().Page(nil)
	b, errB := sample().Page(nil)
	if errA != nil || errB != nil || a != b {
		t.Errorf("two pages of one report differ: %v, %v", errA, errB)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	before, after := smaller().Platforms[0], sample().Platforms[0]
	d := Compare("old", before, after)
	has := func(what string, all []Change, name string, delta int64) {
		t.Helper()
		for _, c := range all {
			if c.Name == name {
				if c.Delta() != delta {
					t.Errorf("%s %s has changed by %d, want %d", what, name, c.Delta(), delta)
				}
				return
			}
		}
		t.Errorf("%s %s is not among %v", what, name, all)
	}
	has("component", d.Components, "openssl", 1550)
	has("component", d.Components, "configuration and pages", 300)
	has("file", d.Files, "etc/nginx/nginx.conf", 300)
	has("section", d.Sections, "usr/sbin/nginx .text", 1000)
	has("symbol", d.Symbols, "openssl AES_encrypt", 1000)
	has("symbol", d.Symbols, "openssl other", -50)
	has("symbol", d.Symbols, "openssl reasons", 600)
	if d.Disk.Delta() != 1850 || d.Compressed.Delta() != 1000 || len(d.Components) != 2 {
		t.Errorf("the difference is %+v", d)
	}

	// Of an image of which only sections are known, nothing else is compared.
	before.Detail = Sections
	for i := range before.Files {
		for j := range before.Files[i].Parts {
			before.Files[i].Parts[j].Symbol = ""
		}
	}
	d = Compare("old", before, after)
	has("section", d.Sections, "usr/sbin/nginx .text", 1000)
	if len(d.Components)+len(d.Symbols) > 0 || d.Detail != Sections {
		t.Errorf("more is compared than both know: %+v", d)
	}
	// Nor are the symbols of a file of which one side has none.
	before.Detail = Symbols
	if d = Compare("old", before, after); len(d.Symbols) > 0 {
		t.Errorf("symbols are new because nothing was known of them: %v", d.Symbols)
	}
	if d = Compare("itself", after, after); len(d.Files)+len(d.Components)+len(d.Sections)+len(d.Symbols) > 0 || d.Disk.Delta() != 0 {
		t.Errorf("an image differs from itself: %+v", d)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	data, err := sample().JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "size.json", string(data))
	r, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.JSON(); err != nil || string(again) != string(data) {
		t.Errorf("it is another when it is read: %v\n%s", err, again)
	}
	if _, ok := r.Platform("linux/arm64"); ok {
		t.Error("it has a platform that is not there")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	data, err := sample().JSON()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, test := range map[string]struct{ text, want string }{
		"empty":           {"", "no report"},
		"no object":       {"[]", "no report"},
		"more after":      {good + "{}", "after the report"},
		"another format":  {strings.Replace(good, `"format": 1`, `"format": 2`, 1), "its format is 2"},
		"wrong sum":       {strings.Replace(good, `"bytes": 5000`, `"bytes": 5001`, 1), "parts have 10001 bytes, not 10000"},
		"wrong disk":      {strings.Replace(good, `"disk": 10300`, `"disk": 1`, 1), "files have 10300 bytes, not 1"},
		"negative":        {strings.Replace(good, `"bytes": 5000`, `"bytes": -5000`, 1), "a part has -5000"},
		"huge":            {strings.Replace(good, `"bytes": 5000`, `"bytes": 9223372036854775807`, 1), "a part has 9223372036854775807"},
		"no number":       {strings.Replace(good, `"bytes": 5000`, `"bytes": 1e99`, 1), "no report"},
		"file twice":      {strings.Replace(good, `"etc/nginx/nginx.conf"`, `"usr/sbin/nginx"`, 1), "twice"},
		"part twice":      {`{"format":1,"image":"a","platforms":[{"platform":"p","detail":"sections","disk":4,"files":[{"path":"x","bytes":4,"parts":[{"component":"c","bytes":1},{"component":"c","bytes":3}]}]}]}`, "is there twice"},
		"terminal":        {strings.Replace(good, `"reasons"`, `"\u001b[2J"`, 1), "cannot be printed"},
		"line break":      {strings.Replace(good, `"static"`, `"a\nb"`, 1), "cannot be printed"},
		"long name":       {strings.Replace(good, `"reasons"`, `"`+strings.Repeat("x", maxName+1)+`"`, 1), "too long"},
		"unknown detail":  {strings.Replace(good, `"components"`, `"everything"`, 1), `detail "everything"`},
		"platform twice":  {`{"format":1,"image":"a","platforms":[{"platform":"p","detail":"sections"},{"platform":"p","detail":"sections"}]}`, "twice"},
		"no detail":       {`{"format":1,"image":"a","platforms":[{"platform":"p"}]}`, "no detail"},
		"compressed":      {strings.Replace(good, `"compressed": 4000`, `"compressed": -1`, 1), "-1 bytes compressed"},
		"files, no parts": {`{"format":1,"image":"a","platforms":[{"platform":"p","detail":"sections","disk":5,"files":[{"path":"x","bytes":5}]}]}`, "parts have 0 bytes, not 5"},
	} {
		if test.text == good {
			t.Errorf("%s: nothing was replaced", name)
		}
		if _, err := Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := sample().JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":1,"image":"a","platforms":[{"platform":"p","detail":"sections"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		if _, err := r.Page(nil); err != nil {
			t.Error(err)
		}
		if text := r.Text(nil); strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Errorf("a text that steers a terminal: %q", text)
		}
	})
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]Kind{
		".text": Code, ".text.hot": Code, ".init": Code, ".init_array": Relocated, ".rodata.str1.1": Constant, ".data.rel.ro": Relocated,
		".data.rel.ro.local": Relocated, ".data": Data, ".data.x": Data, ".got": Relocated, ".relr.dyn": Other, "": Other, elfHeader: Other,
	} {
		if got := KindOf(section); got != want {
			t.Errorf("%q is %s, want %s", section, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 5199077: "5,199,077", -1000: "-1,000", -100: "-100",
	} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) is %s, want %s", n, got, want)
		}
	}
}
