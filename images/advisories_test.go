package images_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/nginx-scratch/nginx-scratch/images"
)

const advisoriesFile = "small.advisories.yaml"

// advisories loads an entry for the committed definition and lock.
func advisories(t *testing.T, text string) ([]images.Advisory, error) {
	t.Helper()
	d, l := committed(t)
	return images.LoadAdvisories(fstest.MapFS{advisoriesFile: {Data: []byte(text)}}, advisoriesFile, d, l)
}

func TestNoAdvisories(t *testing.T) {
	t.Parallel()
	d, l := committed(t)
	if got, err := images.LoadAdvisories(fstest.MapFS{}, advisoriesFile, d, l); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAdvisoriesRefuse(t *testing.T) {
	t.Parallel()
	const at = advisoriesFile + ": field advisories[CVE-2026-1"
	for _, tt := range []struct{ name, text, want string }{
		{"none", "advisories: []", advisoriesFile + ": field advisories is empty"},
		{"an unknown field", "advisories: [{cve: CVE-2026-1000, why: x}]", advisoriesFile + ":1: ..."},
		{"a number that is none", "advisories: [{cve: CVE-26-1, component: zlib, title: t, source: \"https://a.b/c\", absent: {symbols: [x]}}]",
			advisoriesFile + `: field advisories[0].cve is "CVE-26-1": it must be like CVE-2026-1642`},
		{"twice", "advisories:\n- &a {cve: CVE-2026-1000, component: zlib, title: t, source: \"https://a.b/c\", absent: {symbols: [x]}}\n- *a",
			at + "000] is there twice"},
		{"nobody says so", "advisories: [{cve: CVE-2026-1000, component: zlib, title: t, absent: {symbols: [x]}}]",
			at + "000] has neither patch nor source: who says so?"},
		{"no such component", "advisories: [{cve: CVE-2026-1000, component: gcc, title: t, source: \"https://a.b/c\", absent: {symbols: [x]}}]",
			at + `000].component is "gcc", which is no component of the definition`},
		{"no such patch", "advisories: [{cve: CVE-2026-1000, component: openssl, title: t, patch: no.patch, absent: {feature: cms}}]",
			at + `000].patch is "no.patch", which the lock does not list`},
		{"nothing that is claimed", "advisories: [{cve: CVE-2026-1000, component: zlib, title: t, source: \"https://a.b/c\"}]",
			at + "000] has no absent, so that its patch must be one that is applied"},
		{"a patch that is skipped", "advisories: [{cve: CVE-2026-1000, component: musl, title: t, patch: renameat2.patch}]",
			at + "000] has no absent, so that its patch must be one that is applied"},
		{"a feature that is there", "advisories: [{cve: CVE-2026-1000, component: openssl, title: t, source: \"https://a.b/c\", absent: {feature: ocsp}}]",
			at + `000].absent.feature is "ocsp", which components[openssl].remove does not have`},
		{"a module of something else", "advisories: [{cve: CVE-2026-1000, component: zlib, title: t, source: \"https://a.b/c\", absent: {module: ngx_mail_module}}]",
			at + "000].absent.module is for nginx alone"},
		{"two reasons", "advisories: [{cve: CVE-2026-1000, component: openssl, title: t, source: \"https://a.b/c\", absent: {feature: cms, symbols: [x]}}]",
			at + "000].absent must have one of feature, module and symbols"},
		{"no symbol", "advisories: [{cve: CVE-2026-1000, component: zlib, title: t, source: \"https://a.b/c\", absent: {symbols: [\"a b\"]}}]",
			at + `000].absent.symbols[0] is "a b": it must be the name of a function or table`},
		{"no address", "advisories: [{cve: CVE-2026-1000, component: zlib, title: t, source: somebody, absent: {symbols: [x]}}]",
			at + `000].source is "somebody": it must be an https address`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := advisories(t, tt.text)
			expect(t, err, tt.want)
		})
	}
}

// What is committed is for what is committed.
func TestCommittedAdvisories(t *testing.T) {
	t.Parallel()
	d, l := committed(t)
	got, err := images.LoadAdvisories(os.DirFS("."), "static.advisories.yaml", d, l)
	if err != nil || len(got) == 0 {
		t.Fatalf("got %d advisories, %v", len(got), err)
	}
}

// Whatever is accepted is said of a component that is there, and by somebody.
func FuzzAdvisories(f *testing.F) {
	seed(f, "static.advisories.yaml")
	d, err := images.LoadDefinition(os.DirFS("."), "static.yaml")
	if err != nil {
		f.Fatal(err)
	}
	l, err := images.LoadLock(os.DirFS("."), "static.lock.json", d)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		load := func() ([]images.Advisory, error) {
			return images.LoadAdvisories(fstest.MapFS{advisoriesFile: {Data: []byte(text)}}, advisoriesFile, d, l)
		}
		got, err := load()
		if err != nil {
			_, again := load()
			refusal(t, advisoriesFile, err, again)
			return
		}
		for _, a := range got {
			if _, ok := d.Component(a.Component); !ok || a.Patch == "" && a.Source == "" {
				t.Errorf("%+v was accepted", a)
			}
		}
	})
}
