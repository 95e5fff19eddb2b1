package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/distribution/reference"

	"github.com/nginx-scratch/nginx-scratch/conf/lint"
	"github.com/nginx-scratch/nginx-scratch/images/site"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func TestSiteName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ tag, dir, want, err string }{
		{"", "/srv/docs", "nginx-scratch:site-docs", ""},
		{"", "/srv/docs/", "nginx-scratch:site-docs", ""},
		{"", "/", "nginx-scratch:site--", ""},
		{"", "/srv/Meine Seite é", "nginx-scratch:site-Meine-Seite--", ""},
		{"", "/srv/" + strings.Repeat("x", 250), "nginx-scratch:site-" + strings.Repeat("x", 100), ""},
		{"", "/srv/..x", "nginx-scratch:site-..x", ""},
		{"a/b:1.2", "x", "a/b:1.2", ""},
		{"web", "x", "web:latest", ""},
		{"localhost:5000/web", "x", "localhost:5000/web:latest", ""},
		{"Web:1", "x", "", "must be lowercase"},
		{"../x", "x", "", "invalid reference"},
		{"a@sha256:" + strings.Repeat("0", 64), "x", "", "must be like"},
	} {
		got, err := siteName(tt.tag, tt.dir)
		switch {
		case tt.err == "" && (err != nil || reference.FamiliarString(got) != tt.want):
			t.Errorf("%q of %q: got %v, %v, want %s", tt.tag, tt.dir, got, err, tt.want)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%q: got %v, %v, want %s", tt.tag, got, err, tt.err)
		}
	}
}

func TestServing(t *testing.T) {
	t.Parallel()
	s := servingOf([]lint.Setting{
		{Name: "types", Values: [][]string{{"text/html", "html", "HTM"}, {"text/css", "css"}, {"image/png", "png"}, {"font/woff2", "woff2"}}},
		{Name: "types", Values: [][]string{{"text/plain", "woff2"}}},
		{Name: "gzip_types", Args: []string{"text/css"}},
		{Name: "gzip_types", Args: []string{"text/plain", "text/xml"}},
		{Name: "gzip_min_length", Args: []string{"1k"}},
		{Name: "gzip_min_length", Args: []string{"1000"}},
		{Name: "gzip_min_length", Args: []string{"nonsense"}},
		{Name: "gzip_static", Args: []string{"off"}},
		{Name: "brotli_static", Args: []string{"always"}},
	})
	for name, want := range map[string]bool{
		"index.html": true, "a/B.HTM": true, "a.css": true, "a.png": false, "b.woff2": true, "noext": false, "css": false,
		".css": true, "a.css.gz": false, "a.xml": false, "a.": false,
	} {
		if got := s.compressible(name); got != want {
			t.Errorf("%s is compressible: %v, want %v", name, got, want)
		}
	}
	if s.minLength != 1000 || !slices.Equal(s.static, []string{"brotli_static"}) {
		t.Errorf("minimum %d, served by %q", s.minLength, s.static)
	}
	if all := servingOf([]lint.Setting{{Name: "types", Values: [][]string{{"image/png", "png"}}}, {Name: "gzip_types", Args: []string{"*"}}}); !all.compressible("a.png") || all.minLength != 20 {
		t.Error("a star is not all types")
	}
}

func TestByteCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "1024": 1024, "2k": 2048, "3K": 3072, "1m": 1 << 20, "": -1, "k": -1, "-1": -1, "1g": -1, "1 k": -1, "9999999999": -1} {
		if got, ok := byteCount([]string{text}); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q is %d, %v, want %d", text, got, ok, want)
		}
	}
	if _, ok := byteCount(nil); ok {
		t.Error("nothing has a size")
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	got := hosts([]lint.Setting{
		{Name: "proxy_pass", Args: []string{"http://app:3000/x"}},
		{Name: "proxy_pass", Args: []string{"https://api.example.org"}},
		{Name: "proxy_pass", Args: []string{"http://$host/"}},
		{Name: "proxy_pass", Args: []string{"http://unix:/dev/shm/s.sock"}},
		{Name: "proxy_pass", Args: []string{"http://127.0.0.1:8081"}},
		{Name: "proxy_pass", Args: []string{"http://[::1]:8081"}},
		{Name: "fastcgi_pass", Args: []string{"php:9000"}},
		{Name: "server"},
		{Name: "server", Args: []string{"backend:9000", "weight=2"}},
		{Name: "server", Args: []string{"app"}},
		{Name: "resolver", Args: []string{"dns.local", "10.0.0.2", "valid=30s"}},
		{Name: "proxy_pass", Args: []string{"http://evil\n0.0.0.0 x"}},
		{Name: "proxy_pass", Args: []string{""}},
		{Name: "proxy_pass"},
	})
	if want := []string{"api.example.org", "app", "backend", "dns.local", "php"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever a configuration says, a line of /etc/hosts stays one.
func FuzzHosts(f *testing.F) {
	for _, seed := range []string{"http://app:3000/x", "unix:/s", "a b", "a\nb", "http://[::1]:80", "://", "$a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		for _, name := range hosts([]lint.Setting{{Name: "proxy_pass", Args: []string{arg}}}) {
			if name == "" || strings.ContainsAny(name, " \t\r\n#/:") {
				t.Errorf("%q gives the name %q", arg, name)
			}
		}
	})
}

// An image whose nginx knows brotli gets both forms, if its configuration serves them.
func TestEncodings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		program string
		static  []string
		want    []string
	}{
		{"\x00gzip_static\x00", []string{"gzip_static"}, []string{"gzip"}},
		{"\x00gzip_static\x00", []string{"gzip_static", "brotli_static"}, []string{"gzip"}},
		{"\x00gzip_static\x00brotli_static\x00", []string{"gzip_static", "brotli_static"}, []string{"br", "gzip"}},
		{"\x00gzip_static\x00brotli_static\x00", []string{"brotli_static"}, []string{"br"}},
		{"\x00gzip_static\x00", nil, nil},
		{"", []string{"gzip_static"}, nil},
	} {
		files := tree.New()
		if err := files.Add(tree.File{Path: "usr/sbin/nginx", Mode: 0o755, Data: []byte(tt.program)}); err != nil {
			t.Fatal(err)
		}
		m := &siteMaker{builder: &builder{definition: definition()}, serving: serving{static: tt.static}}
		got := (site.Options{Encodings: m.encodings(product{tree: files})}).Names()
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q with %q: %q, want %q", tt.program, tt.static, got, tt.want)
		}
	}
}

// A person's conf.d is in the place of the image's, and all else stays.
func TestMerged(t *testing.T) {
	t.Parallel()
	image := tree.New()
	for path, data := range map[string]string{
		"etc/nginx/nginx.conf": "main", "etc/nginx/conf.d/default.conf": "default", "etc/nginx/conf.d/a/b.conf": "b", "etc/nginx/conf.d-other": "other",
	} {
		err := image.Add(tree.File{Path: path, Mode: 0o644, Data: []byte(data), Origin: tree.Origin{Component: project, Path: path}})
		if err != nil {
			t.Fatal(err)
		}
	}
	conf, err := site.Scan(t.Context(), "testdata/site/conf.d", confTarget, false)
	if err != nil {
		t.Fatal(err)
	}
	m := &siteMaker{conf: conf}
	merged, err := m.merged(image)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for f := range merged.All() {
		if f.Mode.IsRegular() {
			got = append(got, f.Path+": "+strings.TrimSpace(string(f.Data)))
		}
	}
	want := []string{"etc/nginx/conf.d-other: other", "etc/nginx/conf.d/mine.conf: # mine", "etc/nginx/conf.d/sub/part: # part", "etc/nginx/nginx.conf: main"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	dir := t.TempDir()
	if err := writeBelow(merged, "etc/nginx", dir); err != nil {
		t.Fatal(err)
	}
	if merged, err = (&siteMaker{}).merged(image); err != nil || merged != image {
		t.Errorf("without a configuration it is not the image's own tree: %v", err)
	}
}
