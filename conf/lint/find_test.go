package lint

import (
	"os"
	"reflect"
	"testing"
	"testing/fstest"
)

func TestFind(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"nginx.conf": {Data: []byte(`
			http {
				include mime.types;
				gzip_types text/css
					"text/x y";
				include /etc/nginx/conf.d/*.conf;
				map $a $b { gzip_static off; }
			}
			broken {`)},
		"mime.types":     {Data: []byte("types {\n text/css css;\n image/jpeg jpeg jpg;\n}\n")},
		"conf.d/a.conf":  {Data: []byte("server { gzip_static on; location / { gzip_static always; } }")},
		"conf.d/b.conf":  {Data: []byte("server { gzip_types *; } }")},
		"conf.d/c.other": {Data: []byte("gzip_types no;")},
	}
	got, err := Find(fsys, "nginx.conf", Options{}, "types", "gzip_types", "gzip_static")
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{
		{Name: "types", Values: [][]string{{"text/css", "css"}, {"image/jpeg", "jpeg", "jpg"}}},
		{Name: "gzip_types", Args: []string{"text/css", "text/x y"}},
		{Name: "gzip_static", Args: []string{"on"}},
		{Name: "gzip_static", Args: []string{"always"}},
		{Name: "gzip_types", Args: []string{"*"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, err := Find(fsys, "other.conf", Options{}); err == nil {
		t.Error("a file that is not there was read")
	}
}

// What others ask of the shipped tree is in it.
func TestFindInTheShippedTree(t *testing.T) {
	t.Parallel()
	got, err := Find(os.DirFS("../nginx"), "nginx.conf", Options{}, "types", "gzip_types", "gzip_min_length", "gzip_static")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, s := range got {
		seen[s.Name] += max(len(s.Args), len(s.Values))
	}
	if seen["types"] < 50 || seen["gzip_types"] < 20 || seen["gzip_min_length"] != 1 || seen["gzip_static"] != 1 {
		t.Errorf("found %v", seen)
	}
}
