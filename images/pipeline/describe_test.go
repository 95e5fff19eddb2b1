package pipeline

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/sbom"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// withComponents is a build of two components, and of the files given, which
// nginx's component has installed.
func withComponents(t *testing.T, files map[string]string) *compiled {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, "out", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	input := images.Input{SHA256: strings.Repeat("ab", 32), Places: []string{"debian:pool/x", "https://example.org/x.tar.gz"}}
	b := &builder{Options: Options{Name: "static", Repository: dir}}
	b.definition = images.Definition{
		Name: "static", Image: images.Image{Source: "https://example.org/web", Licenses: "MIT", Binary: "usr/sbin/nginx"},
		Components: []images.Component{
			{Name: "zlib", Version: "1.3.1", License: "Zlib"},
			{Name: "nginx", Version: "1.26.3", License: "BSD-2-Clause", SkipPatches: map[string]string{"no.patch": "x"}},
		},
	}
	b.lock = images.Lock{SourceDateEpoch: 1700000000, Components: []images.LockedComponent{
		{Name: "zlib", Version: "1.3.1", Source: input},
		{Name: "nginx", Version: "1.26.3", Source: input, Patches: &images.Series{Revision: "1.26.3-9", Patches: []images.Patch{
			{File: "CVE-2026-1642.patch", SHA256: "1"}, {File: "no.patch", SHA256: "2"}, {File: "b.patch", SHA256: "3"},
		}}},
	}}
	installed := built{nginx: compile.Entry{Dir: dir}}
	o := &compiled{builder: b, built: map[string]built{"linux/amd64": installed, "linux/arm64": installed}}
	b.origin = o
	return o
}

func TestCompiledDescribe(t *testing.T) {
	t.Parallel()
	o := withComponents(t, map[string]string{"licenses/zlib/LICENSE": "take it\n", "licenses/nginx/LICENSE": "take it too\n"})
	files := tree.New()
	got, err := o.describe(t.Context(), "linux/arm64", files)
	if err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("ab", 32)
	want := []sbom.Component{
		{
			Name: "zlib", Version: "1.3.1", License: "Zlib", Summary: "zlib 1.3.1", Revision: "1.3.1",
			Download: "https://example.org/x.tar.gz", SHA256: sum,
			PURL: sbom.SourcePURL("zlib", "1.3.1", "https://example.org/x.tar.gz", sum), CPEs: []string{"cpe:2.3:a:zlib:zlib:1.3.1:*:*:*:*:*:*:*"},
		}, {
			Name: "nginx", Version: "1.26.3", License: "BSD-2-Clause", Summary: "nginx 1.26.3 with 2 patches of 1.26.3-9", Revision: "1.26.3-9",
			Download: "https://example.org/x.tar.gz", SHA256: sum, Program: true, StaticLinks: []string{"nginx-scratch-configuration", "zlib"},
			PURL: sbom.SourcePURL("nginx", "1.26.3", "https://example.org/x.tar.gz", sum), CPEs: sbom.CPEs("nginx", "1.26.3"),
			Patches: []sbom.Patch{{File: "CVE-2026-1642.patch", SHA256: "1", Fixes: []string{"CVE-2026-1642"}}, {File: "b.patch", SHA256: "3"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	texts := map[string]string{}
	for f := range files.All() {
		if f.Mode.IsRegular() {
			texts[f.Path] = string(f.Data)
		}
		if name, packed := strings.CutSuffix(f.Path, ".gz"); packed {
			r, err := gzip.NewReader(bytes.NewReader(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil || r.Name != "" || !r.ModTime.IsZero() {
				t.Errorf("%s has the name %q and time %v: %v", f.Path, r.Name, r.ModTime, err)
			}
			delete(texts, f.Path)
			texts[name] = string(text) + f.Origin.Component
		}
	}
	if diff := cmp.Diff(map[string]string{
		"usr/share/licenses/zlib/LICENSE": "take it\nzlib", "usr/share/licenses/nginx/LICENSE": "take it too\nnginx",
		"etc/os-release": "ID=nginx-scratch\nNAME=nginx-scratch\nPRETTY_NAME=\"nginx-scratch 1.26.3\"\nVERSION_ID=1.26.3\nHOME_URL=https://example.org/web\n",
		"lib/apk/db/installed": "P:zlib\nV:1.3.1\nA:aarch64\nT:zlib 1.3.1\nU:https://example.org/x.tar.gz\nL:Zlib\n\n" +
			"P:nginx\nV:1.26.3\nA:aarch64\nT:nginx 1.26.3 with 2 patches of 1.26.3-9\nU:https://example.org/x.tar.gz\nL:BSD-2-Clause\n\n",
	}, texts); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestCompiledDescribeWantsEveryLicense(t *testing.T) {
	t.Parallel()
	for want, files := range map[string]map[string]string{
		"adding the licenses: zlib has installed none": {"licenses/nginx/LICENSE": "x"},
		"no such file or directory":                    {"sbin/nginx": "x"},
	} {
		_, err := withComponents(t, files).describe(t.Context(), "linux/amd64", tree.New())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// described is what a build of withComponents says, with the advisories given.
func describe(t *testing.T, advisories string) ([]release.Document, *tree.Tree, error) {
	t.Helper()
	symbols, _ := program(t).Lookup("usr/sbin/nginx")
	o := withComponents(t, map[string]string{
		"licenses/zlib/LICENSE": "x", "licenses/nginx/LICENSE": "x",
		"openssl-configuration.h": "# define OPENSSL_NO_CMS\n", "sbin/nginx.symbols": string(symbols.Data),
	})
	if advisories != "" {
		if err := os.Mkdir(filepath.Join(o.Repository, "images"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.Repository, "images", "static.advisories.yaml"), []byte(advisories), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := tree.New()
	err := files.Add(tree.File{
		Path: "usr/sbin/nginx", Mode: 0o755, Data: []byte("ngx_core_module\x00ngx_http_core_module"), Origin: tree.Origin{Component: "nginx"},
	})
	if err != nil {
		t.Fatal(err)
	}
	documents, err := o.builder.describe(t.Context(), "linux/amd64", files)
	return documents, files, err
}

// The document in the image is the one that is handed over.
func TestDescribe(t *testing.T) {
	t.Parallel()
	documents, files, err := describe(t, "")
	if err != nil {
		t.Fatal(err)
	}
	inside, ok := files.Lookup("var/lib/db/sbom/static.spdx.json")
	if !ok || inside.Mode != fs.FileMode(0o644) {
		t.Fatalf("there is %v in the image", inside)
	}
	var kinds []string
	for _, d := range documents {
		if !json.Valid(d.Data) || d.Platform != "linux/amd64" {
			t.Errorf("%+v", d)
		}
		if d.Kind == release.SPDX && !bytes.Equal(inside.Data, d.Data) {
			t.Error("the document in the image is another")
		}
		kinds = append(kinds, d.Kind.Name)
	}
	if diff := cmp.Diff([]string{"spdx", "cyclonedx", "openvex"}, kinds); diff != "" {
		t.Error(diff)
	}
}

// An image of which something is claimed that is not so is not made.
func TestDescribeRefusesClaims(t *testing.T) {
	t.Parallel()
	for want, absent := range map[string]string{
		"": "{symbols: [iconv_nowhere]}",
		"images/static.advisories.yaml: claims whose evidence does not hold: CVE-2026-1000 of nginx: main is in the program: the image may be affected":            "{symbols: [main]}",
		"images/static.advisories.yaml: claims whose evidence does not hold: CVE-2026-1000 of nginx: ngx_core_module is in the program: the image may be affected": "{module: ngx_core_module}",
	} {
		_, _, err := describe(t, `advisories: [{cve: CVE-2026-1000, component: nginx, title: t, source: "https://a.b/c", absent: `+absent+`}]`)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %v, want %s", absent, err, want)
		}
	}
}

func TestSBOMRefusesFormats(t *testing.T) {
	t.Parallel()
	_, err := SBOM(t.Context(), Options{}, "swid")
	if want := `format "swid": it must be one of ["spdx" "cyclonedx" "openvex"]`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
