package scanners

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/spf13/afero"
)

// products are the names that the NVD has for the components.
var products = map[string][][2]string{
	"nginx": {{"f5", "nginx_open_source"}, {"f5", "nginx"}}, "openssl": {{"openssl", "openssl"}},
	"pcre2": {{"pcre", "pcre2"}}, "zlib": {{"zlib", "zlib"}}, "musl": {{"musl-libc", "musl"}},
}

// grypeDatabase makes a database of grype's with vulnerabilities of exactly the
// locked version of each component, under the names that the functions give. It
// returns the folder that grype takes for its cache.
func grypeDatabase(t *testing.T, names ...func(component string) string) string {
	t.Helper()
	cache := t.TempDir()
	dir := filepath.Join(cache, strconv.Itoa(v6.ModelVersion))
	w, err := v6.NewWriter(v6.Config{DBDirPath: dir, CacheSizeKiB: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	provider := &v6.Provider{ID: "nvd", Version: "1", Processor: "test", DateCaptured: &now, InputDigest: "sha256:00"}
	if err := w.SetDBMetadata(); err != nil {
		t.Fatal(err)
	}
	for component, version := range locked(t) {
		if len(products[component]) == 0 {
			continue
		}
		for _, name := range names {
			id := name(component)
			vulnerability := &v6.VulnerabilityHandle{
				Name: id, Status: v6.VulnerabilityActive, PublishedDate: &now, Provider: provider, ProviderID: provider.ID,
				BlobValue: &v6.VulnerabilityBlob{ID: id, Description: "made up for a test"},
			}
			if err := w.AddVulnerabilities(vulnerability); err != nil {
				t.Fatal(err)
			}
			for _, p := range products[component] {
				err := w.AddAffectedCPEs(&v6.AffectedCPEHandle{
					Vulnerability: vulnerability, VulnerabilityID: vulnerability.ID,
					CPE: &v6.Cpe{Part: "a", Vendor: p[0], Product: p[1]},
					BlobValue: &v6.PackageBlob{CVEs: []string{id}, Ranges: []v6.Range{{
						Version: v6.Version{Constraint: "= " + version}, Fix: &v6.Fix{State: v6.NotFixedStatus},
					}}},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := v6.WriteImportMetadata(afero.NewOsFs(), dir, "test"); err != nil {
		t.Fatal(err)
	}
	return cache
}
