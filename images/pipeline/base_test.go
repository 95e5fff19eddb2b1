package pipeline

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// withBase makes a checkout whose base is locked to one package.
func withBase(t *testing.T) (repository string) {
	t.Helper()
	repository = t.TempDir()
	data, err := os.ReadFile(filepath.Join("..", "base.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := images.LoadDefinition(os.DirFS(".."), "base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	arch, err := images.AlpineArch(hostPlatform())
	if err != nil {
		t.Skip(err)
	}
	var signer string
	for signer = range d.Alpine.Keys {
		break
	}
	lock := images.Lock{Definition: "base", SourceDateEpoch: 1700000000, Alpine: &images.LockedAlpine{
		Branch: d.Alpine.Branch, Repositories: d.Alpine.Repositories, Wanted: d.Alpine.Packages,
		Platforms: []images.LockedPlatform{{
			Platform: hostPlatform(), Arch: arch,
			Indexes: []images.LockedIndex{{Repository: "main", Description: "test", Built: 1700000000, Signer: signer}},
			Packages: []images.LockedPackage{{
				Name: "gcc", Version: "14.2.0-r6", Arch: arch, Repository: "main",
				Checksum: "Q1" + strings.Repeat("A", 27) + "=", SHA256: strings.Repeat("a", 64), Size: 5, Built: 1700000000,
			}},
		}},
	}}
	text, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"base.yaml": data, "base.lock.json": text} {
		name = filepath.Join(repository, "images", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return repository
}

func TestAlpineAtHand(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("bases are for Linux")
	}
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/APKINDEX.tar.gz") {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(good.Close)
	bad := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(bad.Close)
	for _, tt := range []struct {
		name   string
		mirror string
		change func(t *testing.T, repository, cache string)
		ok     bool
		want   string // how the reason begins
	}{
		{"no lock", good.URL, func(t *testing.T, repository, _ string) {
			t.Helper()
			if err := os.Remove(filepath.Join(repository, "images", "base.lock.json")); err != nil {
				t.Fatal(err)
			}
		}, false, "there is no images/base.lock.json (mage lock base makes it)"},
		{"a lock of something else", good.URL, func(t *testing.T, repository, _ string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(repository, "images", "base.lock.json"), []byte("{}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, false, "images/base.lock.json:"},
		{"all in the cache", "http://127.0.0.1:1", func(t *testing.T, _, cache string) {
			t.Helper()
			name := filepath.Join(cache, "inputs", "sha256", strings.Repeat("a", 64))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte("bytes"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, true, "all its packages are in the cache"},
		{"the mirror answers", good.URL, nil, true, "its mirror answers"},
		{"the mirror has nothing", bad.URL, nil, false, bad.URL},
		{"no mirror", "http://127.0.0.1:1", nil, false, "http://127.0.0.1:1/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			repository, cache := withBase(t), t.TempDir()
			if tt.change != nil {
				tt.change(t, repository, cache)
			}
			env := map[string]string{cacheVariable: cache, alpineVariable: tt.mirror}
			b := builder{Options: Options{Repository: repository, Env: Environment{Getenv: func(name string) string { return env[name] }}}}
			b.out = progress.New(&strings.Builder{}, false, nil)
			why, ok := b.alpineAtHand(t.Context())
			if ok != tt.ok || !strings.HasPrefix(why, tt.want) {
				t.Errorf("got %v, for %s", ok, why)
			}
		})
	}
}

func TestRepositoryVariables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ variable, value, want string }{
		{alpineVariable, "ftp://example.org", `ALPINE_MIRROR is "ftp://example.org": it must be an address with http or https, or file:///FOLDER`},
		{keysVariable, "keys", `ALPINE_KEYS is "keys": it must be an absolute path`},
		{bundleVariable, "/nothing/here", "INPUTS_BUNDLE: "},
	} {
		env := map[string]string{cacheVariable: t.TempDir(), tt.variable: tt.value}
		o := Options{Repository: t.TempDir(), Env: Environment{Getenv: func(name string) string { return env[name] }}}
		_, err := o.repository(images.Definition{Name: "x", Alpine: &images.Alpine{}}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
	}
}
