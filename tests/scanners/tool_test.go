package scanners

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// experiments are the settings of Go that a tool cannot be compiled without.
var experiments = map[string][]string{"trivy": {"GOEXPERIMENT=jsonv2"}}

// scan runs one of the module's tools and decodes what it prints. A tool is
// compiled by the first test that runs it, for minutes, and then kept by Go.
// Nothing that a tool asks a network for is answered: the proxy is a port that
// nobody listens on.
func scan(t *testing.T, into any, tool string, args ...string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-n", tool)
	build.Env = append(os.Environ(), experiments[tool]...)
	found, err := build.Output()
	if err != nil {
		t.Fatalf("compiling %s: %v\n%s", tool, err, stderrOf(err))
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), string(bytes.TrimSpace(found)), args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home, "TMPDIR="+t.TempDir(),
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=",
		"SYFT_CHECK_FOR_APP_UPDATE=false", "GRYPE_CHECK_FOR_APP_UPDATE=false", "GRYPE_DB_AUTO_UPDATE=false",
		"GRYPE_DB_VALIDATE_AGE=false", "TRIVY_SKIP_VERSION_CHECK=true")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", tool, args, err, stderrOf(err))
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("reading what %s printed: %v\n%.2000s", tool, err, out)
	}
}

func stderrOf(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}

// found is what a scanner lists: versions by name.
type found map[string][]string

// holds wants every component of the lock with its version, and no other version.
func (f found) holds(t *testing.T, scanner string, except ...string) {
	t.Helper()
	for name, version := range locked(t) {
		if slices.Contains(except, name) {
			continue
		}
		if got := slices.Compact(slices.Sorted(slices.Values(f[name]))); !slices.Equal(got, []string{version}) {
			t.Errorf("%s finds %s in the versions %q, want %s", scanner, name, got, version)
		}
	}
	if t.Failed() {
		t.Logf("%s finds %v", scanner, slices.Sorted(maps.Keys(f)))
	}
}
