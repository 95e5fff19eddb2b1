package lint

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// files makes a file system of names and texts.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

const quiet = "server_tokens off;"

func TestCheck(t *testing.T) {
	t.Parallel()
	chain := []string{"nginx.conf", "include 0;"}
	for i := range maxDepth + 2 {
		chain = append(chain, fmt.Sprint(i), fmt.Sprintf("include %d;", i+1))
	}
	for name, tt := range map[string]struct {
		fsys fstest.MapFS
		name string
		opts Options
		want string // the findings above info, or the error
	}{
		"prefix": {
			fsys: files("c/nginx.conf", "http { "+quiet+" include /etc/nginx/conf.d/*.conf; }", "c/conf.d/a.conf", "server {\n autoindex on; }", "c/conf.d/.b.conf", "}", "c/conf.d/c", "}"),
			name: "c", want: "c/conf.d/a.conf:2: warning autoindex folders are listed to everybody\n",
		},
		"other place": {
			fsys: files("x/site.conf", "include sub/a;\ninclude /opt/n/b;", "y/sub/a", "autoindex on;", "y/b", "autoindex on;"),
			name: "x/site.conf", opts: Options{Prefix: "/opt/n/", Root: "y"},
			want: "y/b:1: warning autoindex folders are listed to everybody\ny/sub/a:1: warning autoindex folders are listed to everybody\n",
		},
		"fragment beside its main": {
			fsys: files("nginx.conf", "", "conf.d/a.conf", "include snippets/b;", "snippets/b", "autoindex on;"),
			name: "conf.d/a.conf", want: "snippets/b:1: warning autoindex folders are listed to everybody\n",
		},
		"folder without main": {
			fsys: files("a.conf", "autoindex on;", "d/b.conf", "autoindex on;"),
			name: ".", want: "a.conf:1: warning autoindex folders are listed to everybody\nd/b.conf:1: warning autoindex folders are listed to everybody\n",
		},
		"included twice, said once": {
			fsys: files("nginx.conf", "http { "+quiet+" server { include s; } server { include s; } }", "s", "autoindex on;"),
			name: "nginx.conf", want: "s:1: warning autoindex folders are listed to everybody\n",
		},
		"in a map": {
			fsys: files("nginx.conf", "http { "+quiet+" map $a $b { include m; } }", "m", "autoindex on;"),
			name: "nginx.conf", want: "",
		},
		"from the image": {
			fsys: files("my/conf.d/a.conf", "server { include snippets/a; include /etc/nginx/mime.types; include none; }"),
			name: "my/conf.d", opts: Options{Image: files("snippets/a", "autoindex on;", "mime.types", "types { }")},
			want: "my/conf.d/a.conf:1: error include \"none\" cannot be read: open none: file does not exist\nmy/snippets/a:1: warning autoindex folders are listed to everybody\n",
		},
		"from the image, at the top": {
			fsys: files("nginx.conf", "events { } include a;"), name: ".", opts: Options{Image: files("a", "autoindex on;")},
			want: "a:1: warning autoindex folders are listed to everybody\n",
		},
		"not for a terminal": {
			fsys: files("nginx.conf", "events { }\ninclude 'a\x1b\n';"), name: "nginx.conf",
			want: "nginx.conf:2: error include \"a\\x1b\\n\" cannot be read: open a??: file does not exist\n",
		},
		"missing": {
			fsys: files("nginx.conf", "events { }\ninclude none;\ninclude none*;"),
			name: "nginx.conf", want: "nginx.conf:2: error include \"none\" cannot be read: open none: file does not exist\n",
		},
		"a folder": {
			fsys: files("nginx.conf", "events { }\ninclude d;", "d/a", ""),
			name: "nginx.conf", want: "nginx.conf:2: error include \"d\" cannot be read: d is not a regular file\n",
		},
		"above everything": {
			fsys: files("nginx.conf", "events { } include ../../etc/passwd; include /etc/nginx/../../etc/shadow;"),
			name: "nginx.conf", want: "",
		},
		"loop": {
			fsys: files("nginx.conf", "events { }\ninclude a;", "a", "\ninclude b;", "b", "include a;"),
			name: "nginx.conf", want: "b:1: error include includes itself without end: a > b > a\n",
		},
		"too deep": {
			fsys: files(chain...),
			name: "nginx.conf", want: "62:1: error include files include each other deeper than 64\n",
		},
		"malformed pattern": {
			fsys: files("nginx.conf", "events { } include a[;"),
			name: "nginx.conf", want: "nginx.conf:1: error include the pattern \"a[\" is malformed: syntax error in pattern\n",
		},
		"too many stars": {
			fsys: files("nginx.conf", "events { } include *********;"),
			name: "nginx.conf", want: "nginx.conf:1: error include the pattern \"*********\" is malformed: it has more than 8 stars or 64 folders\n",
		},
		"too large": {
			fsys: files("nginx.conf", "events { } include a;", "a", strings.Repeat("#", maxBytes)),
			name: "nginx.conf", want: "nginx.conf:1: error include \"a\" cannot be read: the configuration is larger than 16777216 bytes with a\n",
		},
		"broken below": {
			fsys: files("nginx.conf", "events { }\ninclude a; autoindex on;", "a", "b;\n}"),
			name: "nginx.conf", want: "a:2: error syntax unexpected \"}\": a \";\" or a \"{\" is missing before it\n",
		},
		"not there":  {files(), "nginx.conf", Options{}, "reading the configuration: open nginx.conf: file does not exist"},
		"empty":      {files("d/a", ""), "d", Options{}, "d has no file *.conf: name a configuration or its folder"},
		"not a path": {files(), "../a", Options{}, "reading the configuration: open ../a: file does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, text(Check(tt.fsys, tt.name, tt.opts))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// text is what WriteText writes of the findings above info, or the error.
func text(found []Finding, err error) string {
	if err != nil {
		return err.Error()
	}
	var out bytes.Buffer
	for _, f := range found {
		if f.Severity > Info {
			if err := WriteText(&out, []Finding{f}); err != nil {
				return err.Error()
			}
		}
	}
	return out.String()
}

// Includes that double at each step end at the limit, and soon.
func TestIncludesWithoutBound(t *testing.T) {
	t.Parallel()
	fsys := files("nginx.conf", "events { }\ninclude 0;")
	for i := range 40 {
		next := fmt.Sprintf("include %d;\n", i+1)
		fsys[fmt.Sprint(i)] = &fstest.MapFile{Data: []byte(next + next)}
	}
	fsys["40"] = &fstest.MapFile{Data: []byte("a;")}
	if got := text(Check(fsys, "nginx.conf", Options{})); !strings.Contains(got, "includes more than 2000 files") {
		t.Error(got)
	}
}
