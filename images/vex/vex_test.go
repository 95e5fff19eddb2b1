package vex_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	openvex "github.com/openvex/go-vex/pkg/vex"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/vex"
)

const (
	program = "\x7fELF\x00ngx_core_module\x00ngx_http_core_module\x00ngx_http_mp4_module\x00"
	header  = "# ifndef OPENSSL_NO_CMS\n#  define OPENSSL_NO_CMS\n# endif\n#define OPENSSL_NO_EC2M\n/* OPENSSL_NO_DTLS */\n"
)

// small is a definition with its lock: nginx and OpenSSL, each with a patch that
// is named after a CVE and one that is not.
func small() (images.Definition, images.Lock) {
	patches := func(revision string, files ...string) *images.Series {
		s := &images.Series{Revision: revision}
		for _, f := range files {
			s.Patches = append(s.Patches, images.Patch{File: f, SHA256: "sum of " + f})
		}
		return s
	}
	d := images.Definition{Components: []images.Component{
		{Name: "openssl", Remove: map[string]string{"cms": "x", "ec2m": "x"}},
		{Name: "nginx", SkipPatches: map[string]string{"left-out.patch": "x"}},
	}}
	l := images.Lock{Components: []images.LockedComponent{
		{Name: "openssl", Patches: patches("3-1", "fix.patch", "cms.patch")},
		{Name: "nginx", Patches: patches("1-2", "CVE-2026-1000.1.patch", "left-out.patch", "CVE-2026-1000.2.patch", "CVE-2026-20000-mail.patch")},
	}}
	return d, l
}

// evidence is what a build of small has to show.
func evidence(t *testing.T) vex.Evidence {
	t.Helper()
	e, err := vex.NewEvidence([]byte(program), []byte(header), []string{"main", "qsort", "crc32_z.part.0"}, map[string][]byte{
		"sum of fix.patch": []byte("Fixes CVE-2026-3000.\n"), "sum of cms.patch": []byte("Fixes: CVE-2026-40001\n"),
		"sum of left-out.patch": []byte("CVE-2026-5000"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestClaims(t *testing.T) {
	t.Parallel()
	d, l := small()
	got, err := vex.Claims(d, l, []images.Advisory{
		{CVE: "CVE-2026-3000", Component: "openssl", Title: "a", Patch: "fix.patch"},
		{CVE: "CVE-2026-40001", Component: "openssl", Title: "b", Patch: "cms.patch", Absent: &images.Absent{Feature: "cms"}},
		{CVE: "CVE-2026-20000", Component: "nginx", Title: "c", Patch: "CVE-2026-20000-mail.patch", Absent: &images.Absent{Module: "ngx_mail_module"}},
		{CVE: "CVE-2026-6000", Component: "openssl", Title: "d", Source: "https://a.b/c", Absent: &images.Absent{Symbols: []string{"iconv", "crc32"}}},
	}, evidence(t))
	if err != nil {
		t.Fatal(err)
	}
	const cms, mail = "cms.patch of openssl 3-1, sha256 sum of cms.patch", "CVE-2026-20000-mail.patch of nginx 1-2, sha256 sum of CVE-2026-20000-mail.patch"
	want := []vex.Claim{
		{CVE: "CVE-2026-1000", Component: "nginx", Source: "CVE-2026-1000.1.patch of nginx 1-2, sha256 sum of CVE-2026-1000.1.patch",
			Fixed: "applied: CVE-2026-1000.1.patch of nginx 1-2, sha256 sum of CVE-2026-1000.1.patch; CVE-2026-1000.2.patch of nginx 1-2, sha256 sum of CVE-2026-1000.2.patch"},
		{CVE: "CVE-2026-20000", Component: "nginx", Title: "c", Source: mail, Fixed: "applied: " + mail,
			Absent: "nginx is compiled without ngx_mail_module: the program does not have it in its list of modules, and cannot load any."},
		{CVE: "CVE-2026-3000", Component: "openssl", Title: "a", Source: "fix.patch of openssl 3-1, sha256 sum of fix.patch",
			Fixed: "applied: fix.patch of openssl 3-1, sha256 sum of fix.patch"},
		{CVE: "CVE-2026-40001", Component: "openssl", Title: "b", Source: cms, Fixed: "applied: " + cms,
			Absent: "OpenSSL is compiled without cms: its configuration.h defines OPENSSL_NO_CMS."},
		{CVE: "CVE-2026-6000", Component: "openssl", Title: "d", Source: "https://a.b/c",
			Absent: "The linker has left out what nothing refers to: the program has no symbol iconv, crc32."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
}

// No claim survives its evidence.
func TestClaimsWithoutEvidence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		advisory images.Advisory
		want     string
	}{
		{"the module is there", images.Advisory{Component: "nginx", Source: "x", Absent: &images.Absent{Module: "ngx_http_mp4_module"}},
			"ngx_http_mp4_module is in the program: the image may be affected"},
		{"the feature is there", images.Advisory{Component: "openssl", Source: "x", Absent: &images.Absent{Feature: "dtls"}},
			"OpenSSL was to be compiled without dtls, but its configuration.h does not define OPENSSL_NO_DTLS"},
		{"the symbol is there", images.Advisory{Component: "openssl", Source: "x", Absent: &images.Absent{Symbols: []string{"iconv", "qsort"}}},
			"qsort is in the program: the image may be affected"},
		{"a part of it is there", images.Advisory{Component: "openssl", Source: "x", Absent: &images.Absent{Symbols: []string{"crc32_z"}}},
			"crc32_z.part.0 is in the program: the image may be affected"},
		{"the patch is for another", images.Advisory{CVE: "CVE-2026-4000", Component: "openssl", Patch: "cms.patch"},
			"cms.patch does not name it: find out what fixes it now"},
		{"the patch is gone", images.Advisory{Component: "openssl", Patch: "gone.patch"}, "the lock has no patch gone.patch"},
		{"the patch was not read", images.Advisory{Component: "nginx", Patch: "CVE-2026-1000.1.patch"}, "the text of CVE-2026-1000.1.patch was not read"},
		{"a patch of another component", images.Advisory{CVE: "CVE-2026-1000", Component: "openssl", Source: "x", Absent: &images.Absent{Feature: "cms"}},
			"a patch for nginx is named after it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, l := small()
			if tt.advisory.CVE == "" {
				tt.advisory.CVE = "CVE-2026-9999"
			}
			claims, err := vex.Claims(d, l, []images.Advisory{tt.advisory}, evidence(t))
			want := "claims whose evidence does not hold: " + tt.advisory.CVE + " of " + tt.advisory.Component + ": " + tt.want
			if err == nil || err.Error() != want {
				t.Errorf("got %v, %v\nwant %s", claims, err, want)
			}
		})
	}
}

// A patch that is left out fixes nothing, whatever it says.
func TestSkippedPatchFixesNothing(t *testing.T) {
	t.Parallel()
	d, l := small()
	claims, err := vex.Claims(d, l, []images.Advisory{{CVE: "CVE-2026-5000", Component: "nginx", Patch: "left-out.patch", Absent: &images.Absent{Module: "ngx_mail_module"}}}, evidence(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range claims {
		if c.CVE == "CVE-2026-5000" && c.Fixed != "" {
			t.Errorf("it is %s", c.Fixed)
		}
	}
}

func TestNewEvidenceRefusesWhatShowsNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, program, symbol, want string }{
		{"no modules", "\x7fELF", "main", "the program does not name its modules"},
		{"no symbols", program, "other", "the program has no symbols"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if e, err := vex.NewEvidence([]byte(tt.program), []byte(header), []string{tt.symbol}, nil); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, %v, want %s", e, err, tt.want)
			}
		})
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	p := vex.Product{
		PURL: "pkg:oci/web?repository_url=a.b%2Fweb", Components: map[string][]string{"nginx": {"pkg:generic/nginx@1?checksum=x", "pkg:apk/web/nginx@1"}},
		Source: "https://example.org/web", Author: "web", Time: time.Unix(1700000000, 0),
	}
	claims := []vex.Claim{
		{CVE: "CVE-2026-1", Component: "nginx", Fixed: "applied: a.patch"},
		{CVE: "CVE-2026-2", Component: "nginx", Title: "mail", Absent: "no mail", Source: "somebody", Fixed: "applied: b.patch"},
	}
	data, err := vex.Document(p, claims)
	if err != nil {
		t.Fatal(err)
	}
	again, err := vex.Document(p, claims)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("a second document is different (%v)", err)
	}
	doc, err := openvex.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	first, second := doc.Statements[0], doc.Statements[1]
	switch {
	case doc.Context != "https://openvex.dev/ns/v0.2.0" || !strings.HasPrefix(doc.ID, p.Source+"/vex/") || doc.Timestamp.Unix() != 1700000000:
		t.Errorf("the document is %+v", doc.Metadata)
	case first.Status != openvex.StatusFixed || first.StatusNotes != "applied: a.patch" || first.Justification != "":
		t.Errorf("the first statement is %+v", first)
	case second.Status != openvex.StatusNotAffected || second.Justification != openvex.VulnerableCodeNotPresent ||
		second.ImpactStatement != "no mail" || second.StatusNotes != "source: somebody; applied: b.patch":
		t.Errorf("the second statement is %+v", second)
	}
	if got := doc.Matches("CVE-2026-1", "pkg:oci/web@sha256:00?repository_url=a.b%2Fweb&arch=amd64", []string{"pkg:apk/web/nginx@1?arch=x86_64"}); len(got) != 1 {
		t.Errorf("a published image matches %d statements", len(got))
	}
	if got := doc.Matches("CVE-2026-1", "pkg:oci/web?repository_url=elsewhere%2Fweb", []string{"pkg:apk/web/nginx@1"}); len(got) != 0 {
		t.Errorf("somebody else's image matches %d statements", len(got))
	}
}

func TestDocumentRefuses(t *testing.T) {
	t.Parallel()
	for want, claims := range map[string][]vex.Claim{
		"writing OpenVEX: there is nothing to claim":                           nil,
		"writing OpenVEX: CVE-2026-1: it is of gcc, which is not in the image": {{CVE: "CVE-2026-1", Component: "gcc", Fixed: "x"}},
	} {
		if data, err := vex.Document(vex.Product{}, claims); err == nil || err.Error() != want {
			t.Errorf("got %s, %v, want %s", data, err, want)
		}
	}
}
