package tests

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sbomPath is where the image has its own bill of materials.
func sbomPath() string { return path.Join("var/lib/db/sbom", definitionName()+".spdx.json") }

// A bill is what these tests read of SPDX.
type bill struct {
	SPDXVersion string
	Packages    []struct {
		SPDXID, Name, VersionInfo, DownloadLocation, LicenseDeclared string
		Checksums                                                    []checksum
		ExternalRefs                                                 []struct{ ReferenceType, ReferenceLocator string }
		PackageVerificationCode                                      struct{ PackageVerificationCodeExcludedFiles []string }
	}
	Files []struct {
		SPDXID, FileName string
		Checksums        []checksum
	}
	Relationships []struct{ SPDXElementID, RelationshipType, RelatedSPDXElement string }
}

type checksum struct{ Algorithm, ChecksumValue string }

func readBill(t *testing.T, f *facts) bill {
	t.Helper()
	var b bill
	require.NoError(t, json.Unmarshal(f.text(t, sbomPath()), &b)) //nolint:musttag // fields are named as in SPDX, but for the case of letters
	require.Equal(t, "SPDX-2.3", b.SPDXVersion)
	return b
}

// The bill has every file of the image, to the byte, but itself; and nothing else.
func TestBillOfMaterialsHasExactlyTheFiles(t *testing.T) {
	t.Parallel()
	f := look(t)
	b := readBill(t, f)
	listed := map[string][]checksum{}
	for _, file := range b.Files {
		listed[file.FileName] = file.Checksums
	}
	require.Len(t, listed, len(b.Files))
	there := map[string][]checksum{}
	for file := range f.tree.All() {
		if file.Mode.IsRegular() && file.Path != sbomPath() {
			there["./"+file.Path] = []checksum{
				{"SHA1", fmt.Sprintf("%x", sha1.Sum(file.Data))}, {"SHA256", fmt.Sprintf("%x", sha256.Sum256(file.Data))},
			}
		}
	}
	assert.Equal(t, there, listed)
	assert.Equal(t, []string{"./" + sbomPath()}, b.Packages[0].PackageVerificationCode.PackageVerificationCodeExcludedFiles)
}

// Each file is said to be made from one component, which is there.
func TestBillOfMaterialsSaysWhereFilesAreFrom(t *testing.T) {
	t.Parallel()
	b := readBill(t, look(t))
	names := map[string]string{}
	for _, p := range b.Packages {
		names[p.SPDXID] = p.Name
	}
	from := map[string]string{}
	for _, r := range b.Relationships {
		if r.RelationshipType == "GENERATES" {
			require.Contains(t, names, r.SPDXElementID)
			require.NotContains(t, from, r.RelatedSPDXElement)
			from[r.RelatedSPDXElement] = names[r.SPDXElementID]
		}
	}
	for _, file := range b.Files {
		want := ""
		switch strings.TrimPrefix(file.FileName, "./") {
		case definition(t).Image.Binary:
			want = "nginx"
		case "etc/nginx/nginx.conf", "etc/passwd", "usr/share/nginx/html/index.html":
			want = "nginx-scratch-configuration"
		}
		if want != "" {
			assert.Equal(t, want, from[file.SPDXID], file.FileName)
		}
		assert.NotEmpty(t, from[file.SPDXID], file.FileName)
	}
}

func TestBillOfMaterialsNamesWhatIsLinked(t *testing.T) {
	t.Parallel()
	b := readBill(t, needs(t, staticProgram))
	unknown := []string{"libisal", "libnginx-mod-http-brotli"} // to the NVD
	ids := map[string]string{}
	for _, want := range definition(t).Components {
		for _, p := range b.Packages {
			if p.Name != want.Name {
				continue
			}
			ids[want.Name] = p.SPDXID
			assert.Equal(t, want.Version, p.VersionInfo, want.Name)
			assert.Equal(t, want.License, p.LicenseDeclared, want.Name)
			assert.Regexp(t, `^https://`, p.DownloadLocation, want.Name)
			require.Len(t, p.Checksums, 1, want.Name)
			purl := p.ExternalRefs[0].ReferenceLocator
			assert.Contains(t, purl, "pkg:generic/"+want.Name+"@"+want.Version+"?checksum=sha256:"+p.Checksums[0].ChecksumValue+"&download_url=https")
			if slices.Contains(unknown, want.Name) {
				assert.Len(t, p.ExternalRefs, 1, want.Name)
				continue
			}
			require.Greater(t, len(p.ExternalRefs), 1, want.Name)
			assert.Regexp(t, `^cpe:2\.3:a:[a-z0-9_-]+:[a-z0-9_]+:`+want.Version+`(:\*){7}$`, p.ExternalRefs[1].ReferenceLocator)
		}
		assert.Contains(t, ids, want.Name)
	}
	for name, id := range ids {
		linked := false
		for _, r := range b.Relationships {
			linked = linked || r.RelationshipType == "STATIC_LINK" && r.SPDXElementID == ids["nginx"] && r.RelatedSPDXElement == id
		}
		assert.Equal(t, name != "nginx", linked, name)
	}
}

// Scanners find what is linked into a static program by this database alone, and
// must not take it for Alpine's.
func TestDatabaseListsWhatIsLinked(t *testing.T) {
	t.Parallel()
	f := needs(t, staticProgram)
	got, want := map[string]string{}, map[string]string{}
	for _, p := range installedPackages(t, f) {
		assert.Empty(t, p.files, p.name)
		got[p.name] = p.version
	}
	for _, c := range definition(t).Components {
		want[c.Name] = c.Version
	}
	assert.Equal(t, want, got)
	assert.Contains(t, string(f.text(t, "etc/os-release")), "ID=nginx-scratch\n")
	assert.NotContains(t, string(f.text(t, "etc/os-release")), "alpine")
}

func TestLicensesOfWhatIsLinkedAreThere(t *testing.T) {
	t.Parallel()
	f := needs(t, staticProgram)
	says := map[string]string{
		"Apache-2.0": "Apache License", "BSD-2-Clause": "Redistribution and use in source and binary forms",
		"BSD-3-Clause": "Neither the name", "MIT": "Permission is hereby granted, free of charge", "Zlib": "This software is provided 'as-is'",
	}
	for _, c := range definition(t).Components {
		var text strings.Builder
		for file := range f.tree.All() {
			if path.Dir(file.Path) != path.Join("usr/share/licenses", c.Name) {
				continue
			}
			packed, err := gzip.NewReader(bytes.NewReader(file.Data))
			require.NoError(t, err, file.Path)
			_, err = io.Copy(&text, packed)
			require.NoError(t, err, file.Path)
		}
		require.Contains(t, says, c.License)
		assert.Contains(t, text.String(), says[c.License], c.Name)
	}
}
