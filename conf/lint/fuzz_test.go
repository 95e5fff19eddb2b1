package lint

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// Whatever is in a file, and whatever it includes: no crash, findings at lines that
// are there, and not long.
func FuzzCheck(f *testing.F) {
	for _, rule := range Rules() {
		f.Add(rule.Bad, rule.Good)
	}
	for _, name := range []string{"../nginx/nginx.conf", "../nginx/conf.d/default.conf"} {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src), "include nginx.conf; include a/*; # lint:ignore include x")
	}
	f.Add("a { { } ; '\"\\", "content_by_lua_block { [==[ } ]==] -- }\n")
	f.Fuzz(func(t *testing.T, main, included string) {
		fsys := files("nginx.conf", main, "conf.d/a.conf", included)
		begin := time.Now()
		found, err := Check(fsys, ".", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%d bytes took %v", len(main)+len(included), took)
		}
		for _, finding := range found {
			src := map[string]string{"nginx.conf": main, "conf.d/a.conf": included}[finding.File]
			if finding.Line < 1 || finding.Line > strings.Count(src, "\n")+1 || finding.Message == "" || finding.Message != plain(finding.Message) || len(finding.Message) > 9000 {
				t.Errorf("not a place: %+v", finding)
			}
		}
	})
}

// What is read has the bytes that it was written with: words that are written in
// quotes come back.
func FuzzWords(f *testing.F) {
	f.Add("a", "b c", `d"\`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		words := []string{"x" + a, b, c}
		var src strings.Builder
		for _, word := range words {
			if len(word) > maxWord/2 {
				return
			}
			src.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `" `)
		}
		root := &directive{}
		if _, err := parse("f", src.String()+";", root); err != nil {
			t.Fatal(err)
		}
		if got := append([]string{root.block[0].name}, root.block[0].args...); fmt.Sprint(got) != fmt.Sprint(words) {
			t.Errorf("got %q, want %q", got, words)
		}
	})
}

// hostile are megabytes that a careless linter takes long for.
func hostile() map[string]string {
	const mb = 1 << 20
	repeat := func(s string) string { return strings.Repeat(s+"\n", mb/(len(s)+1)) } // a finding for each line
	long := func(s string) string { return strings.Repeat(s, 4000/len(s)) }
	half := func(a, b string) string {
		return "server { " + strings.Repeat(a+"\n", mb/2/len(a)) + strings.Repeat(b+"\n", mb/2/len(b)) + " }"
	}
	return map[string]string{
		"short":        repeat("a;"),
		"blocks":       repeat("a{}"),
		"open":         repeat("a{"),
		"words":        "a " + repeat("b ") + ";",
		"comments":     repeat("#"),
		"ignores":      repeat("#lint:ignore autoindex x"),
		"escapes":      repeat("a \\\\\\\";"),
		"spaces":       repeat(" ") + "#",
		"lua":          "a_by_lua_block {" + repeat("[=") + "}",
		"lua brackets": "a_by_lua_block {" + repeat("[[]]--[[]]") + "}",
		"headers":      half("add_header X-Frame-Options b;", "if{add_header c d;}"),
		"deny":         half("deny a;", "location /a{stub_status;return 200;}"),
		"listen":       half("listen 1 ssl;", "location /a{proxy_pass http://$a;}"),
		"servers":      "http { " + strings.Repeat("add_header a b;", mb/30) + strings.Repeat("server{listen 1 ssl;root a;}", mb/60) + "}",
		"captures":     "location ~ (" + long("([^/])") + ") {" + repeat("return 301 $1;") + "}",
		"nested":       repeat("rewrite " + strings.Repeat("(", 249) + strings.Repeat("()", 1500) + " /?$1 redirect;"),
		"overlapping":  repeat("rewrite " + strings.Repeat("(", 249) + strings.Repeat(")+", 249) + strings.Repeat("$249$248", 300) + " redirect;"),
		"classes":      repeat("rewrite " + long("[[:") + " b;"),
		"names":        repeat("rewrite " + long("(?<") + " b;"),
		"variables":    repeat("return 301 " + long("$a") + ";"),
		"variable":     repeat("return 301 $" + long("a") + ";"),
		"conditions":   "location / {" + repeat("if ($http_origin ~ ((a+)+)+){a;}") + "}",
		"includes":     repeat("include *;"),
		"patterns":     repeat("include a*b*c*d*e*/*;"),
		"missing":      repeat("include a;"),
		"times":        repeat("send_timeout " + long("1s") + ";"),
		"locations":    repeat("location ~ a{}"),
	}
}

func TestHostileMegabytes(t *testing.T) {
	for name, src := range hostile() {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"nginx.conf": {Data: []byte(src)}}
			for i := range 100 {
				fsys[fmt.Sprintf("%daaaabbbbccccddddeee", i)] = &fstest.MapFile{}
			}
			begin := time.Now()
			found, err := Check(fsys, "nginx.conf", Options{})
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(begin)
			t.Logf("%v, %d findings", took.Round(time.Millisecond), len(found))
			// One that is refused as a whole tests no rule.
			broken := slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == syntaxRule.ID })
			if meant := slices.Contains([]string{"open", "words", "lua"}, name); broken && !meant {
				t.Errorf("is not read: %+v", found[0])
			}
			// What needs the square of a megabyte takes minutes, and what need not some tenths
			// of a second: however busy the machine is, this is between them.
			if limit := 30 * time.Second; took > limit {
				t.Errorf("%d bytes took %v, want less than %v", len(src), took, limit)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	server, err := os.ReadFile("../nginx/conf.d/default.conf")
	if err != nil {
		b.Fatal(err)
	}
	src := "events { }\nhttp { server_tokens off;\n" + strings.Repeat(string(server), (1<<20)/len(server)) + "}"
	fsys := fstest.MapFS{"nginx.conf": {Data: []byte(src)}}
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := Check(fsys, "nginx.conf", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
