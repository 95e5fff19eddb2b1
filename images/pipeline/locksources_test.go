package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	fixture "github.com/nginx-scratch/nginx-scratch/tests/fixtures/debian"
)

// followed is a house whose nginx has a series, and the archive that it follows.
type followed struct {
	house

	dir    string
	key    fixture.Key
	stderr *bytes.Buffer
}

// nginxOf is one revision of nginx on a day of November.
func nginxOf(version string, day int, patches ...string) fixture.Source {
	s := fixture.Source{Name: "nginx", Version: version, Original: "nginx " + version[:6], Date: time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)}
	for _, p := range patches {
		s.Patches = append(s.Patches, fixture.Patch{Name: p, Text: p})
	}
	return s
}

func newFollowed(t *testing.T) *followed {
	t.Helper()
	f := &followed{house: newHouse(t), dir: t.TempDir(), stderr: &bytes.Buffer{}}
	var err error
	if f.key, err = fixture.NewKey(f.Now().AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	public, err := f.key.Public()
	if err != nil {
		t.Fatal(err)
	}
	keyring := filepath.Join(t.TempDir(), "keyring.gpg")
	if err := os.WriteFile(keyring, public, 0o600); err != nil {
		t.Fatal(err)
	}
	f.Stderr = f.stderr
	f.Env = environment(map[string]string{
		cacheVariable: t.TempDir(), debianVariable: "file:///nowhere " + fileURL(f.dir), keyringVariable: keyring,
	})
	f.edit(t, "components:\n", "debian:\n  suites: [trixie]\n  keys:\n    Test: "+f.key.Fingerprint()+"\ncomponents:\n")
	f.edit(t, "  - name: openssl\n    version: 3.5.7\n    license: Apache-2.0\n    remove:\n      apps: programs, not library\n    skip_patches:\n      man.patch: not built\n", "")
	f.publish(t, nginxOf("1.26.3-1", 2, "first.patch"))
	files, err := nginxOf("1.26.3-1", 2).Files()
	if err != nil {
		t.Fatal(err)
	}
	lock := images.Lock{Definition: "static", SourceDateEpoch: 1_700_000_000, Components: []images.LockedComponent{
		{Name: "nginx", Version: "1.26.3", Source: inputOf("nginx_1.26.3.orig.tar.gz", files)},
	}}
	data, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Repository, "images/static.lock.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *followed) publish(t *testing.T, sources ...fixture.Source) {
	t.Helper()
	s := fixture.Suite{Name: "trixie", Pool: "pool/main", Date: f.Now().Add(-time.Hour), Sources: sources}
	if err := f.key.Publish(f.dir, s); err != nil {
		t.Fatal(err)
	}
}

func (f *followed) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(f.Repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// edit changes the definition.
func (f *followed) edit(t *testing.T, old, replacement string) {
	t.Helper()
	const name = "images/static.yaml"
	text := strings.Replace(f.read(t, name), old, replacement, 1)
	if !strings.Contains(text, replacement) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(filepath.Join(f.Repository, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f *followed) revision(t *testing.T) string {
	t.Helper()
	lock, err := images.ReadLock(os.DirFS(f.Repository), lockFile("static"))
	if err != nil {
		t.Fatal(err)
	}
	return lock.Components[0].Revision()
}

func TestLockSources(t *testing.T) {
	t.Parallel()
	f := newFollowed(t)
	path, err := Lock(t.Context(), f.Options, false)
	if err != nil || path != filepath.Join(f.Repository, "images/static.lock.json") || !strings.Contains(f.stderr.String(), "-update looks for newer sources") {
		t.Fatalf("got %q, %v\n%s", path, err, f.stderr)
	}
	if _, err := Lock(t.Context(), f.Options, true); err != nil || f.revision(t) != "1.26.3-1" {
		t.Fatalf("got %v\n%s", err, f.stderr)
	}
	before := f.read(t, "images/static.lock.json")
	if _, err := Lock(t.Context(), f.Options, true); err != nil || f.read(t, "images/static.lock.json") != before || !strings.Contains(f.stderr.String(), "nothing newer can be had") {
		t.Fatalf("again: %v\n%s", err, f.stderr)
	}

	// A newer release changes the definition too, and nothing else of it.
	text := f.read(t, "images/static.yaml")
	f.publish(t, nginxOf("1.26.4-1", 4, "first.patch", "CVE-2026-60005.patch"))
	if _, err := Lock(t.Context(), f.Options, true); err != nil || f.revision(t) != "1.26.4-1" {
		t.Fatalf("got %v\n%s", err, f.stderr)
	}
	if want := strings.Replace(text, "version: 1.26.3", "version: 1.26.4", 1); f.read(t, "images/static.yaml") != want {
		t.Errorf("got %s", f.read(t, "images/static.yaml"))
	}
	if want := "nginx 1.26.3-1 -> 1.26.4-1: CVE-2026-60005\n  + CVE-2026-60005.patch\n"; !strings.Contains(f.stderr.String(), want) {
		t.Errorf("got %s", f.stderr)
	}

	// Killed between lock and definition: the next run goes on.
	if err := os.WriteFile(filepath.Join(f.Repository, "images/static.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(t.Context(), f.Options, false); err == nil {
		t.Error("a lock that is ahead was taken")
	}
	if _, err := Lock(t.Context(), f.Options, true); err != nil || !strings.Contains(f.read(t, "images/static.yaml"), "version: 1.26.4") {
		t.Errorf("got %v\n%s", err, f.stderr)
	}
}

func TestLockSourcesRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(t *testing.T, f *followed)
		want   string
	}{
		{"a platform", func(_ *testing.T, f *followed) { f.Platforms = []string{"linux/arm64"} }, "leave -platform out"},
		{"no suites", func(t *testing.T, f *followed) {
			t.Helper()
			text := f.read(t, "images/static.yaml")
			begin, end := strings.Index(text, "debian:"), strings.Index(text, "components:")
			f.edit(t, text[begin:end], "")
		}, "no suites of Debian's to follow"},
		{"no keyring", func(_ *testing.T, f *followed) {
			f.Env = environment(map[string]string{debianVariable: fileURL(f.dir), keyringVariable: "/nowhere"})
		}, "install debian-archive-keyring"},
		{"another keyring", func(t *testing.T, f *followed) {
			t.Helper()
			other := newFollowed(t)
			f.Env = environment(map[string]string{debianVariable: fileURL(f.dir), keyringVariable: other.Env.Getenv(keyringVariable)})
		}, "none of the keys that the definition trusts: Test"},
		{"a mirror that is none", func(_ *testing.T, f *followed) {
			f.Env = environment(map[string]string{debianVariable: fileURL(f.dir) + " ftp://x"})
		}, "DEBIAN_MIRROR"},
		{"a skipped patch that has gone", func(t *testing.T, f *followed) {
			t.Helper()
			f.edit(t, "    version: 1.26.3\n", "    version: 1.26.3\n    skip_patches: {gone.patch: not needed}\n")
		}, `images/static.yaml: components[nginx].skip_patches has "gone.patch"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFollowed(t)
			c.change(t, f)
			text, lock := f.read(t, "images/static.yaml"), f.read(t, "images/static.lock.json")
			if got, err := Lock(t.Context(), f.Options, true); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
			if f.read(t, "images/static.yaml") != text || f.read(t, "images/static.lock.json") != lock {
				t.Error("a file was changed")
			}
		})
	}
}

// inputOf is what a lock has for one of some files.
func inputOf(name string, files map[string][]byte) images.Input {
	sum := sha256.Sum256(files[name])
	return images.Input{
		File: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(files[name])), Places: []string{"debian:pool/main/n/nginx/" + name},
	}
}
