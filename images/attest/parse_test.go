package attest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What was written is read again.
func TestMade(t *testing.T) {
	t.Parallel()
	b := sample()
	d, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Made()
	if err != nil {
		t.Fatal(err)
	}
	want := Made{
		Origin: Origin{b.Builder, b.Source}, Definition: b.Definition, Platforms: b.Platforms, Base: b.Base,
		Compilers: []Compiler{{"", digest("c").Hex, "gcc (Debian 12.2.0-14) 12.2.0"}}, Inputs: sample().Inputs,
	}
	for i := range want.Inputs {
		want.Inputs[i].Places = nil // where to get them is of no interest here
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if sum := got.Input("images/static.lock.json"); sum != digest("1").Hex {
		t.Errorf("the lock is %q", sum)
	}
	if sum := got.Input("x"); sum != "" {
		t.Errorf("what is not there is %q", sum)
	}
}

func TestCompilers(t *testing.T) {
	t.Parallel()
	one := Made{Compilers: []Compiler{{"", "1", "gcc"}}}
	if c, ok := one.Compiler("linux/amd64"); !ok || c.ID != "1" {
		t.Errorf("got %+v, %v", c, ok)
	}
	two := Made{Compilers: []Compiler{{"linux/amd64", "1", "gcc"}, {"linux/arm64", "2", "aarch64-linux-gnu-gcc"}}}
	if c, ok := two.Compiler("linux/arm64"); !ok || c.ID != "2" {
		t.Errorf("got %+v, %v", c, ok)
	}
	if c, ok := two.Compiler("linux/riscv64"); ok {
		t.Errorf("got %+v", c)
	}
}

func TestMadeRefuses(t *testing.T) {
	t.Parallel()
	d, err := sample().Document()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ was, is, want string }{
		"no JSON":         {"{", "", "reading provenance: "},
		"another builder": {BuildType, "https://example.com/other", "of type"},
		"odd platforms":   {`["linux/amd64"]`, `"linux/amd64"`, "reading the parameters of provenance"},
	} {
		changed := strings.Replace(string(d.Predicate), c.was, c.is, 1)
		if changed == string(d.Predicate) {
			t.Errorf("%s: nothing was changed", name)
		}
		_, err := Document{Provenance, json.RawMessage(changed)}.Made()
		refused(t, err, c.want)
	}
}

func FuzzMade(f *testing.F) {
	d, err := sample().Document()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(d.Predicate))
	f.Add([]byte(`{"buildDefinition":{"buildType":"` + BuildType + `","resolvedDependencies":[null,{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := (Document{Provenance, data}).Made(); err == nil && m.Builder == "" {
			t.Errorf("%q has no builder", data)
		}
	})
}
