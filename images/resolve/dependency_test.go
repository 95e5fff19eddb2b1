package resolve

import (
	"slices"
	"strings"
	"testing"
)

func TestParseDependency(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Dependency{
		"nginx":                            {Name: "nginx"},
		"nginx=1.28.0-r3":                  {Name: "nginx", Op: "=", Version: "1.28.0-r3"},
		"gcc<14":                           {Name: "gcc", Op: "<", Version: "14"},
		"gcc<=14":                          {Name: "gcc", Op: "<=", Version: "14"},
		"gcc>14_rc1":                       {Name: "gcc", Op: ">", Version: "14_rc1"},
		"gcc>=14":                          {Name: "gcc", Op: ">=", Version: "14"},
		"gcc~14.2":                         {Name: "gcc", Op: "~", Version: "14.2"},
		"gcc=~14.2":                        {Name: "gcc", Op: "~", Version: "14.2"},
		"gcc>~14.2":                        {Name: "gcc", Op: ">~", Version: "14.2"},
		"!mta":                             {Name: "mta", Conflict: true},
		"!alsa-lib<1.2.14-r0":              {Name: "alsa-lib", Op: "<", Version: "1.2.14-r0", Conflict: true},
		"so:libc.musl-x86_64.so.1":         {Name: "so:libc.musl-x86_64.so.1"},
		"so:libssl.so.3=3":                 {Name: "so:libssl.so.3", Op: "=", Version: "3"},
		"cmd:[":                            {Name: "cmd:["},
		"cmd:x86_64-alpine-linux-musl-g++": {Name: "cmd:x86_64-alpine-linux-musl-g++"},
		"pc:zlib>=1.2.8":                   {Name: "pc:zlib", Op: ">=", Version: "1.2.8"},
		"py3.12:typing-extensions":         {Name: "py3.12:typing-extensions"},
		"/bin/sh":                          {Name: "/bin/sh"},
	} {
		got, err := ParseDependency(s)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", s, got, err)
		}
		if again, err := ParseDependency(got.String()); err != nil || again != got {
			t.Errorf("%s: again: %+v, %v", s, again, err)
		}
	}
}

func TestParseDependencyRefuses(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":               `dependency "": it has no name`,
		"!":              `dependency "!": it has no name`,
		"=1":             `dependency "=1": it has no name`,
		"!!a":            `dependency "!!a": its name begins with one ! more`,
		"a b":            `dependency "a b": its name has spaces or control characters`,
		"a\n":            `dependency "a\n": its name has spaces or control characters`,
		"a\xff":          `dependency "a\xff": its name has spaces or control characters`,
		"a=":             `dependency "a=": "" is not a version as Alpine writes them, such as 1.2.3_rc1-r0`,
		"a=x":            `dependency "a=x": "x" is not a version as Alpine writes them, such as 1.2.3_rc1-r0`,
		"a=1=2":          `dependency "a=1=2": "1=2" is not a version as Alpine writes them, such as 1.2.3_rc1-r0`,
		"a<>1":           `dependency "a<>1": "<>" is no operator; those are = < <= > >= ~`,
		"a><Q1abc=":      `dependency "a><Q1abc=": it asks for a package by its checksum, which only apk's own world does; ask for a version`,
		"nginx@edge":     `dependency "nginx@edge": @edge pins it to a tagged repository, and there is none here; ask for "nginx"`,
		"nginx@edge=1.2": `dependency "nginx@edge=1.2": @edge pins it to a tagged repository, and there is none here; ask for "nginx"`,
	} {
		if d, err := ParseDependency(s); err == nil || err.Error() != want {
			t.Errorf("%q: got %+v, %v\nwant %s", s, d, err, want)
		}
	}
	long := strings.Repeat("x", 1000) + "\x00"
	if _, err := ParseDependency(long); err == nil || len(err.Error()) > 300 {
		t.Errorf("a long name: %v", err)
	}
}

func TestDescribes(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"a":        "1.1 1.2 1.2-r1 1.2.3 1.2_rc1 1.20 1.3 virtual",
		"a=1.2":    "1.2 virtual",
		"a<1.2":    "1.1 1.2_rc1 virtual",
		"a<=1.2":   "1.1 1.2 1.2_rc1 virtual",
		"a>1.2":    "1.2-r1 1.2.3 1.20 1.3 virtual",
		"a>=1.2":   "1.2 1.2-r1 1.2.3 1.20 1.3 virtual",
		"a~1.2":    "1.2 1.2-r1 1.2.3 1.2_rc1 virtual",
		"a<~1.2":   "1.1 1.2 1.2-r1 1.2.3 1.2_rc1 virtual",
		"a>~1.2":   "1.2 1.2-r1 1.2.3 1.2_rc1 1.20 1.3 virtual",
		"!a=1.2":   "1.2 virtual", // what is in conflict
		"a~1.2.3":  "1.2.3 virtual",
		"a=1.2-r1": "1.2-r1 virtual",
	} {
		d, err := ParseDependency(s)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range []string{"1.1", "1.2", "1.2-r1", "1.2.3", "1.2_rc1", "1.20", "1.3"} {
			if d.describes(v) {
				got = append(got, v)
			}
		}
		if d.describes("") {
			got = append(got, "virtual")
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: got %q", s, got)
		}
	}
}

func FuzzParseDependency(f *testing.F) {
	for _, s := range []string{"nginx=1.28.0-r3", "!alsa-lib<1.2", "so:libssl.so.3", "/bin/sh", "a@edge", "a><Q1", "gcc=~14", "py3.12:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDependency(s)
		if err != nil {
			if d != (Dependency{}) {
				t.Errorf("%q: %+v beside %v", s, d, err)
			}
			return
		}
		if again, err := ParseDependency(d.String()); err != nil || again != d {
			t.Errorf("%q is %+v, but %q is %+v, %v", s, d, d.String(), again, err)
		}
		if d.Version != "" && !d.describes(d.Version) && d.Op != "<" && d.Op != ">" {
			t.Errorf("%q does not describe its own version", s)
		}
		if _, _, err := parseProvide(s); err != nil && !strings.HasPrefix(err.Error(), "provided name") {
			t.Error(err)
		}
	})
}
