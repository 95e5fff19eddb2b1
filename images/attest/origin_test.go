package attest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, commit := range []string{"0123456789abcdef0123456789abcdef01234567", ""} {
		b := sample()
		b.Source.Commit = commit
		d, err := b.Document()
		if err != nil {
			t.Fatal(err)
		}
		d.Predicate = json.RawMessage(strings.Replace(string(d.Predicate), `{"buildDefinition"`, `{"later":1,"buildDefinition"`, 1))
		got, err := d.Origin()
		if want := (Origin{Builder: b.Builder, Source: b.Source}); err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

func TestOriginRefuses(t *testing.T) {
	t.Parallel()
	d, err := sample().Document()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ was, is, want string }{
		"no JSON":          {"{", "", "reading provenance: "},
		"another build":    {BuildType, "https://build.example/v1", `it is of a build of type "https://build.example/v1"`},
		"no builder":       {`"id":"https://ci.example/nginx-scratch"`, `"id":""`, "builder"},
		"no repository":    {`"role":"repository"`, `"role":"other"`, "does not name the one repository"},
		"two repositories": {`"role":"lock"`, `"role":"repository"`, "does not name the one repository"},
		"bad commit":       {`"gitCommit":"01`, `"gitCommit":"xx`, "not valid hex"},
		"repeated":         {`{"buildDefinition"`, `{"runDetails":{},"buildDefinition"`, "duplicate field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(string(d.Predicate), c.was, c.is, 1)
			if changed == string(d.Predicate) {
				t.Fatal("nothing was changed")
			}
			_, err := Document{Provenance, json.RawMessage(changed)}.Origin()
			refused(t, err, c.want)
		})
	}
	_, err = Document{SPDX, d.Predicate}.Origin()
	refused(t, err, "it is https://spdx.dev/Document, not https://slsa.dev/provenance/v1")
}
