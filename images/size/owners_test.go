package size

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReadOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := "a_name_that_is_longer_than_the_header_of_a_member"
	compile(t, dir, map[string]string{
		"lto": `static int hidden[] = {1, 2, 3}; __attribute__((noinline)) static int local(int i) { return hidden[i]; } int offered(int i) { return local(i); }`,
	}, "-flto", "-O0")
	compile(t, dir, map[string]string{
		long: `static int quiet(void) { return 1; } int loud(void) { return quiet(); }`, "alone": `int single(void) { return 1; }`,
	})
	run(t, dir, "gcc-ar", "rcs", "lib.a", "lto.o", long+".o")
	run(t, dir, "ar", "rcs", "empty.a")
	o, err := ReadOwners("main", map[string][]string{
		"lib": {filepath.Join(dir, "lib.a"), filepath.Join(dir, "empty.a")}, "start": {filepath.Join(dir, "alone.o")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]owner{
		"local": {"lib", "lto.o"}, "hidden": {"lib", "lto.o"}, "offered": {"lib", "lto.o"}, "local.constprop.0.isra.1": {"lib", "lto.o"},
		"quiet": {"lib", long + ".o"}, "loud": {"lib", long + ".o"}, "single": {"start", "alone.o"},
	} {
		if got := o.candidates(name); !slices.Equal(got, []owner{want}) {
			t.Errorf("%s is of %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"nobody", ".", "", "x.y.z"} {
		if got := o.candidates(name); got != nil {
			t.Errorf("%q is of %v", name, got)
		}
	}
}

func TestReadOwnersRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lib.a")
	for text, want := range map[string]string{
		"no library": "no 64-bit", arMagic + "/": "truncated", arMagic + header("a.o/", "4") + "abcd": "a.o",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadOwners("main", map[string][]string{"x": {path}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "lib.a") {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	if _, err := ReadOwners("main", map[string][]string{"x": {path + ".not"}}); err == nil {
		t.Error("a library that is not there was read")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	a, b, c := owner{"lib", "a.o"}, owner{"lib", "b.o"}, owner{"other", "c.o"}
	all := []piece{{}, {owner: b}, {owner: a}}
	known := []bool{false, true, true}
	for name, test := range map[string]struct {
		candidates []owner
		before     owner
		want       owner
	}{
		"before":          {[]owner{a, b}, a, a},
		"after":           {[]owner{a, b}, c, b},
		"component first": {[]owner{{"lib", "x.o"}, {"other", "y.o"}}, c, owner{"other", "y.o"}},
		"none":            {[]owner{{"lib", "x.o"}, {"lib", "y.o"}}, c, owner{"lib", "x.o"}},
	} {
		if got := nearest(test.candidates, test.before, all, known, 0); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestArea(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ngx_http_proxy_handler": "ngx_http_proxy_*", "ngx_quic_run.lto_priv.0": "ngx_quic_*", "ngx_cycle": "", "main": "",
		"ngx_http_handler": "ngx_http_*", "ngx_event_accept": "ngx_event_*", "": "",
	} {
		if got := area(name); got != want {
			t.Errorf("%q is of %q, want %q", name, got, want)
		}
	}
}
