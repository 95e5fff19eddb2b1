package scanners

import (
	"slices"
	"strings"
	"testing"
)

// What the tests read of grype's own format.
type grypeOutput struct {
	Matches        []grypeMatch
	IgnoredMatches []grypeMatch
	Distro         struct{ Name string }
}

type grypeMatch struct {
	Vulnerability struct{ ID string }
	Artifact      struct{ Name, Version, Type string }
}

// by lists matches: names and versions of what is found by the vulnerability.
func by(matches []grypeMatch) map[string]found {
	all := map[string]found{}
	for _, m := range matches {
		if all[m.Vulnerability.ID] == nil {
			all[m.Vulnerability.ID] = found{}
		}
		all[m.Vulnerability.ID][m.Artifact.Name] = append(all[m.Vulnerability.ID][m.Artifact.Name], m.Artifact.Version)
	}
	return all
}

// Grype lists nothing but vulnerabilities. So it gets a database in which every
// locked version has one, and no other version has: what it finds is what it read.
func TestGrype(t *testing.T) {
	database := grypeDatabase(t, func(name string) string { return "CVE-1999-" + canary[name] })
	for form, place := range map[string]string{
		"a layout": "oci-dir:" + imageLayout(t), "an archive": "docker-archive:" + imageArchive(t),
		"the bill of materials": "sbom:" + document(t, ".spdx.json"),
	} {
		var out grypeOutput
		t.Setenv("GRYPE_DB_CACHE_DIR", database)
		scan(t, &out, "grype", "--quiet", "--output=json", place)
		list := found{}
		for id, names := range by(out.Matches) {
			for name, versions := range names {
				if id == "CVE-1999-"+canary[name] {
					list[name] = append(list[name], versions...)
				}
			}
		}
		list.holds(t, "grype, in "+form+",", unknown...)
	}
}

// unknown are the components that the test's database has nothing of: those that
// the NVD does not know, and Brotli, which grype looks for under other names.
var unknown = []string{"brotli", "libisal", "libnginx-mod-http-brotli"}

// canary numbers the vulnerabilities of the test's database.
var canary = map[string]string{"nginx": "10001", "openssl": "10002", "pcre2": "10003", "zlib": "10004", "musl": "10005"}

// With the OpenVEX document, grype passes over what the image does not have, and
// over nothing else.
func TestGrypeWithVEX(t *testing.T) {
	claimed := map[string]string{
		"nginx": "CVE-2026-1642", "openssl": "CVE-2026-63072", "pcre2": "CVE-2026-86145", "zlib": "CVE-2026-22184", "musl": "CVE-2026-6042",
	}
	t.Setenv("GRYPE_DB_CACHE_DIR", grypeDatabase(t,
		func(name string) string { return claimed[name] }, func(name string) string { return "CVE-1999-" + canary[name] }))
	archive := "docker-archive:" + imageArchive(t)
	var before, after grypeOutput
	scan(t, &before, "grype", "--quiet", "--output=json", archive)
	scan(t, &after, "grype", "--quiet", "--output=json", "--vex="+document(t, ".openvex.json"), archive)
	for name, id := range claimed {
		if len(by(before.Matches)[id]) == 0 {
			t.Errorf("without the document, %s of %s is not reported: the test shows nothing", id, name)
		}
		if names := by(after.Matches)[id]; len(names) != 0 {
			t.Errorf("%s is still reported, of %v", id, names)
		}
		if len(by(after.IgnoredMatches)[id]) == 0 {
			t.Errorf("%s is not listed as passed over", id)
		}
		if other := "CVE-1999-" + canary[name]; len(by(after.Matches)[other]) == 0 {
			t.Errorf("%s, of which nothing is claimed, is passed over", other)
		}
	}
	if slices.ContainsFunc(after.Matches, func(m grypeMatch) bool { return !strings.HasPrefix(m.Vulnerability.ID, "CVE-1999-") }) {
		t.Errorf("also reported: %v", by(after.Matches))
	}
}
