package sbom_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/nginx-scratch/nginx-scratch/images/sbom"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

const source = "https://example.org/web"

// small is an image of three files, two links and two components.
func small(t *testing.T) sbom.Image {
	t.Helper()
	files := tree.New()
	for _, f := range []tree.File{
		{Path: "usr/sbin/nginx", Mode: 0o755, Data: []byte("program"), Origin: tree.Origin{Component: "nginx", Path: "sbin/nginx"}},
		{Path: "etc/nginx/a_b.conf", Mode: 0o644, Data: []byte("a"), Origin: tree.Origin{Component: "web", Path: "conf/a_b.conf"}},
		{Path: "etc/nginx/a-b.conf", Mode: 0o644, Data: []byte("a"), Origin: tree.Origin{Component: "web", Path: "conf/a-b.conf"}},
		{Path: "tmp", Mode: fs.ModeSymlink, Link: "/dev/shm", Origin: tree.Origin{Component: "web", Path: "links"}},
		{Path: "sbom.json", Mode: 0o644, Data: []byte("itself"), Origin: tree.Origin{Component: "web", Path: "description"}},
	} {
		if err := files.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	sum := strings.Repeat("ab", 32)
	return sbom.Image{
		Name: "web", Tag: "static", Platform: "linux/amd64", Version: "1.2.3-4", License: "MIT AND Zlib", Source: source,
		Repository: "registry.example.org/team/web", Created: time.Unix(1700000000, 0), Tree: files, Excluded: []string{"sbom.json"},
		Components: []sbom.Component{
			{Name: "web-configuration", Origin: "web", Version: "1.2.3-4", License: "Apache-2.0", PURL: sbom.ProjectPURL("web-configuration", "1.2.3-4", source), Supplier: "web"},
			{
				Name: "nginx", Version: "1.2.3", Program: true, License: "custom & odd", Summary: "a server", PURL: sbom.SourcePURL("nginx", "1.2.3", source+"/nginx.tar.gz", sum),
				CPEs: sbom.CPEs("nginx", "1.2.3"), Download: source + "/nginx.tar.gz", SHA256: sum, Revision: "1.2.3-4",
				Patches:     []sbom.Patch{{File: "CVE-2026-1642.patch", SHA256: sum, Fixes: []string{"CVE-2026-1642"}}, {File: "other.patch", SHA256: sum}},
				StaticLinks: []string{"zlib", "web-configuration"},
			},
			{Name: "zlib", Version: "1.3.1", License: "Zlib", PURL: "pkg:apk/alpine/zlib@1.3.1", Homepage: "https://zlib.example"},
		},
	}
}

func spdx(t *testing.T, i sbom.Image) []byte {
	t.Helper()
	data, err := sbom.SPDX(i)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func cdx(t *testing.T, i sbom.Image) []byte {
	t.Helper()
	data, err := sbom.CycloneDX(i)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, got := range map[string][]byte{"small.spdx.json": spdx(t, small(t)), "small.cdx.json": cdx(t, small(t))} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is different: go test -update and look at the difference\n%s", name, got)
		}
	}
}

// Every file and component is there, with what the tree has, as the library
// that others read it with sees it.
func TestSPDXSaysWhatTheTreeHas(t *testing.T) {
	t.Parallel()
	image := small(t)
	var doc v2_3.Document
	if err := spdxjson.ReadInto(bytes.NewReader(spdx(t, image)), &doc); err != nil {
		t.Fatal(err)
	}
	var sums []string
	for f := range image.Tree.All() {
		named := slices.ContainsFunc(doc.Files, func(got *v2_3.File) bool {
			return got.FileName == "./"+f.Path && len(got.Checksums) == 2 &&
				got.Checksums[0].Value == fmt.Sprintf("%x", sha1.Sum(f.Data)) &&
				got.Checksums[1].Value == fmt.Sprintf("%x", sha256.Sum256(f.Data))
		})
		if want := f.Mode.IsRegular() && f.Path != "sbom.json"; named != want {
			t.Errorf("%s is in the document: %v, want %v", f.Path, named, want)
		} else if want {
			sums = append(sums, fmt.Sprintf("%x", sha1.Sum(f.Data)))
		}
	}
	slices.Sort(sums)
	code := doc.Packages[0].PackageVerificationCode
	if want := fmt.Sprintf("%x", sha1.Sum([]byte(strings.Join(sums, "")))); code.Value != want || !slices.Equal(code.ExcludedFiles, []string{"./sbom.json"}) {
		t.Errorf("the verification code is %+v, want %s without sbom.json", code, want)
	}
	ids := map[string]bool{"DOCUMENT": true}
	for _, p := range doc.Packages {
		ids[string(p.PackageSPDXIdentifier)] = true
	}
	for _, f := range doc.Files {
		ids[string(f.FileSPDXIdentifier)] = true
	}
	if want := 1 + len(doc.Packages) + len(doc.Files); len(ids) != want {
		t.Errorf("%d identifiers for %d elements", len(ids), want)
	}
	for id := range ids {
		if !regexp.MustCompile(`^[A-Za-z0-9.-]+$`).MatchString(id) {
			t.Errorf("%q is no identifier", id)
		}
	}
	for _, r := range doc.Relationships {
		if !ids[string(r.RefA.ElementRefID)] || !ids[string(r.RefB.ElementRefID)] {
			t.Errorf("%v is about what is not there", r)
		}
	}
}

func TestCycloneDXSaysWhatTheTreeHas(t *testing.T) {
	t.Parallel()
	image := small(t)
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(cdx(t, image)), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range *bom.Components {
		if c.Components == nil {
			continue
		}
		for _, f := range *c.Components {
			got[f.Name] = c.Name + " " + (*f.Hashes)[1].Value
		}
	}
	want := map[string]string{}
	for path, component := range map[string]string{"usr/sbin/nginx": "nginx", "etc/nginx/a_b.conf": "web-configuration", "etc/nginx/a-b.conf": "web-configuration"} {
		f, _ := image.Tree.Lookup(path)
		want["/"+path] = component + " " + fmt.Sprintf("%x", sha256.Sum256(f.Data))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// What changes in the image changes the names of its documents, and nothing else
// does: neither time nor chance.
func TestNamesFollowTheContent(t *testing.T) {
	t.Parallel()
	namespace := regexp.MustCompile(`"documentNamespace":"([^"]+)"`)
	serial := regexp.MustCompile(`"serialNumber": "(urn:uuid:[0-9a-f-]{36})"`)
	name := func(i sbom.Image) string {
		return string(namespace.FindSubmatch(spdx(t, i))[1]) + " " + string(serial.FindSubmatch(cdx(t, i))[1])
	}
	first := name(small(t))
	if second := name(small(t)); second != first {
		t.Errorf("the same image is %s and %s", first, second)
	}
	other := small(t)
	other.Tree = tree.New()
	for f := range small(t).Tree.All() {
		if f.Path == "usr/sbin/nginx" {
			f.Data = []byte("Program")
		}
		if f.Mode.IsDir() {
			continue
		}
		if err := other.Tree.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	changed := strings.Fields(name(other))
	for n, before := range strings.Fields(first) {
		if changed[n] == before {
			t.Errorf("another image is %s too", before)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(*sbom.Image)
		want string
	}{
		{"a file of nobody", func(i *sbom.Image) { i.Components = i.Components[1:]; i.Components[0].StaticLinks = nil }, `is from "web", which is none of the components`},
		{"a link to nothing", func(i *sbom.Image) { i.Components[1].DynamicLinks = []string{"musl"} }, "component nginx is linked with musl, which is not there"},
		{"a component twice", func(i *sbom.Image) { i.Components[2] = i.Components[1] }, "component nginx is there twice"},
		{"no package URL", func(i *sbom.Image) { i.Components[2].PURL = "" }, `component "zlib" has no name, version or package URL`},
		{"no time", func(i *sbom.Image) { i.Created = time.Time{} }, "the image has no name, version, source, tree or time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for format, write := range map[string]func(sbom.Image) ([]byte, error){"SPDX": sbom.SPDX, "CycloneDX": sbom.CycloneDX} {
				i := small(t)
				tt.edit(&i)
				if _, err := write(i); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: got %v, want %q", format, err, tt.want)
				}
			}
		})
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		sbom.SourcePURL("nginx", "1.26.3", "https://x.org/a%2Bb.tar.gz", "00ff"): "pkg:generic/nginx@1.26.3?checksum=sha256:00ff&download_url=https:%2F%2Fx.org%2Fa%252Bb.tar.gz",
		sbom.AlpinePURL("libssl3", "3.5.4-r0", "x86_64", "v3.23", "openssl"):     "pkg:apk/alpine/libssl3@3.5.4-r0?arch=x86_64&distro=alpine-3.23&upstream=openssl",
		sbom.AlpinePURL("musl", "1.2.5-r21", "aarch64", "v3.23", "musl"):         "pkg:apk/alpine/musl@1.2.5-r21?arch=aarch64&distro=alpine-3.23",
		sbom.ImagePURL("web", "ghcr.io/someone/nginx-scratch"):                   "pkg:oci/nginx-scratch?repository_url=ghcr.io%2Fsomeone%2Fnginx-scratch",
		fmt.Sprint(sbom.FoundPURLs("web", "nginx", "1.26.3")):                    "[pkg:apk/web/nginx@1.26.3 pkg:generic/nginx@1.26.3]",
		sbom.ImagePURL("web", ""):                                                "pkg:oci/web",
		fmt.Sprint(sbom.CPEs("nginx", "1.26.3")):                                 "[cpe:2.3:a:f5:nginx_open_source:1.26.3:*:*:*:*:*:*:* cpe:2.3:a:f5:nginx:1.26.3:*:*:*:*:*:*:*]",
		fmt.Sprint(sbom.CPEs("musl", "1.2.5~git+1")):                             `[cpe:2.3:a:musl-libc:musl:1.2.5\~git\+1:*:*:*:*:*:*:*]`,
		fmt.Sprint(sbom.CPEs("unknown", "1")):                                    "[]",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
