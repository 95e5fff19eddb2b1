package pipeline

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/diff"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// An image in a registry, with documents that say what is fixed, is compared with what was
// built here, and with a layout.
func TestDiff(t *testing.T) {
	t.Parallel()
	for _, api := range []bool{true, false} {
		v := newVouched(t, api)
		v.build.Inputs = []attest.Input{
			{Name: "CVE-2026-1111.patch", SHA256: strings.Repeat("1", 64), About: map[string]string{"role": "patch"}},
			{Name: "CVE-2026-9999.tar.gz", SHA256: strings.Repeat("1", 64), About: map[string]string{"role": "source"}},
		}
		v.publish(t)
		published := v.repository + ":1.26.3"
		kept := filepath.Join(t.TempDir(), "kept")
		if err := os.CopyFS(kept, os.DirFS(filepath.Join(v.Repository, "dist/static/oci"))); err != nil {
			t.Fatal(err)
		}
		files := tree.New()
		if err := files.Add(tree.File{Path: "usr/sbin/nginx", Mode: 0o644, Data: []byte("nginy")}); err != nil {
			t.Fatal(err)
		}
		v.write(t, files, release.Document{Kind: release.OpenVEX, Platform: hostPlatform(), Data: []byte(`{"statements":[
			{"vulnerability":{"name":"CVE-2026-2222"},"status":"fixed"},
			{"vulnerability":{"name":"CVE-2026-1111"},"status":"fixed"},
			{"vulnerability":{"name":"CVE-2026-3333"},"status":"not_affected"}]}`)})

		text, err := Diff(t.Context(), v.Options, DiffOptions{Before: published, After: "static", Format: "json"})
		if err != nil {
			t.Fatal(err)
		}
		var r diff.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		p := r.Platforms[0]
		if r.Same || !slices.Equal(p.Fixed, []string{"CVE-2026-2222"}) || len(p.Unfixed) > 0 ||
			len(p.Changed) != 1 || p.Changed[0].Bytes.Offset != 4 || len(p.Removed) != 8 {
			t.Errorf("got %s", text)
		}
		text, err = Diff(t.Context(), v.Options, DiffOptions{Before: published, After: kept, Format: "text", ExitCode: true})
		if err != nil || !strings.Contains(text, " are the same: sha256:") {
			t.Errorf("got %s, %v", text, err)
		}
		text, err = Diff(t.Context(), v.Options, DiffOptions{Before: kept, After: "static", Format: "markdown", ExitCode: true})
		if verdict, ok := errors.AsType[*VerdictError](err); !ok || verdict.Status != StatusFailed || !strings.Contains(text, "| `usr/sbin/nginx` |") {
			t.Errorf("got %s, %v", text, err)
		}
		if _, err = Diff(t.Context(), v.Options, DiffOptions{Before: kept, After: "static", Format: "text"}); err != nil {
			t.Errorf("that they differ is an error: %v", err)
		}
	}
}

func TestDiffMistakes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		o    DiffOptions
		want string
	}{
		"format":        {DiffOptions{"a", "b", "xml", false, false}, `format "xml"`},
		"nothing built": {DiffOptions{"static", "b", "text", false, false}, "reading static: there is nothing at"},
		"no layout":     {DiffOptions{t.TempDir(), "b", "text", false, false}, "not an OCI layout"},
	} {
		if _, err := Diff(t.Context(), h.Options, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// What cannot be read claims nothing.
func TestClaims(t *testing.T) {
	t.Parallel()
	for _, d := range []attest.Document{
		{PredicateType: attest.OpenVEX, Predicate: []byte(`{"statements":[{"vulnerability":"CVE-2026-1111","status":"fixed"}]}`)},
		{PredicateType: attest.Provenance, Predicate: []byte(`{}`)},
		{PredicateType: attest.SPDX, Predicate: []byte(`{}`)},
	} {
		if got := claims(d); len(got) > 0 {
			t.Errorf("%s claims %q", d.PredicateType, got)
		}
	}
}
