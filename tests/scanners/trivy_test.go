package scanners

import (
	"strings"
	"testing"
)

// Trivy lists packages without a database where it writes a bill of materials of
// its own. It reads ours in the image too, and passes over the package URLs in
// it that it has no database for.
func TestTrivy(t *testing.T) {
	for form, place := range map[string]string{"a layout": imageLayout(t), "an archive": imageArchive(t)} {
		var out struct {
			Components []struct{ Name, Version, PURL string }
		}
		scan(t, &out, "trivy", "image", "--quiet", "--offline-scan", "--skip-db-update", "--skip-java-db-update",
			"--skip-version-check", "--format=cyclonedx", "--input="+place)
		list := found{}
		for _, c := range out.Components {
			list[c.Name] = append(list[c.Name], c.Version)
			if strings.HasPrefix(c.PURL, "pkg:apk/alpine/") {
				t.Errorf("%s: it takes %s for Alpine's", form, c.PURL)
			}
		}
		// Alpine has no versions with a ~, and trivy passes over a package that has one.
		list.holds(t, "trivy, in "+form+",", "libnginx-mod-http-brotli")
	}
}
