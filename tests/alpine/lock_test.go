package alpine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/repository"
)

func TestLockPinsWhatTheIndexSays(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.lock(t)
	lock := s.locked(t)
	require.Equal(t, branch, lock.Alpine.Branch)
	require.Len(t, lock.Alpine.Platforms, len(arches()))
	for _, p := range lock.Alpine.Platforms {
		require.Equal(t, keyName, p.Indexes[0].Signer)
		for _, name := range []string{"nginx", "musl", "libssl3", "libcrypto3", "pcre2", "zlib", "busybox", "busybox-binsh", "alpine-release"} {
			_, ok := p.Package(name)
			assert.True(t, ok, "%s is locked for %s", name, p.Platform)
		}
		_, ok := p.Package("nginx-mod-stream")
		assert.False(t, ok, "nobody wants it")
	}

	before := s.requests.Load()
	s.lock(t)
	assert.Equal(t, before, s.requests.Load(), "a good lock asks nobody")
	_, err := pipeline.Lock(t.Context(), s.Options, true)
	require.NoError(t, err)
	assert.Greater(t, s.requests.Load(), before)
	assert.Contains(t, s.stderr.String(), "linux/amd64: nothing has changed")
	assert.Equal(t, lock, s.locked(t))
}

// One platform after the other gives what all at once do.
func TestLockPlatformByPlatform(t *testing.T) {
	t.Parallel()
	all, some := newSite(t, mirror(t)), newSite(t, mirror(t))
	all.lock(t)
	for goarch := range arches() {
		some.Platforms = []string{"linux/" + goarch}
		some.lock(t)
	}
	assert.Equal(t, all.locked(t), some.locked(t))
}

// What is locked stays when a platform comes to it, until -update says otherwise;
// and a lock of another definition is not kept in part.
func TestLockKeepsOtherPlatforms(t *testing.T) {
	t.Parallel()
	if len(arches()) < 2 {
		t.Skipf("one architecture only: apt-get install gcc-aarch64-linux-gnu qemu-user-static")
	}
	s := newSite(t, mirror(t))
	s.Platforms = []string{"linux/amd64"}
	s.lock(t)
	s.stderr.Reset()
	s.Platforms = nil
	s.lock(t)
	assert.Contains(t, s.stderr.String(), "linux/arm64: nginx 1.")
	assert.NotContains(t, s.stderr.String(), "linux/amd64", "it was there")

	file := filepath.Join(s.Repository, "images", "alpine.yaml")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	changed := strings.Replace(string(data), "packages: [alpine-release, nginx]", "packages: [alpine-release, nginx, zlib]", 1)
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
	s.Platforms = []string{"linux/amd64"}
	_, err = pipeline.Lock(t.Context(), s.Options, true)
	require.ErrorContains(t, err, "field alpine.wanted is [alpine-release, nginx], but the definition says [alpine-release, nginx, zlib]")
	require.ErrorContains(t, err, "so what it has for linux/arm64 is of no use either: run again without -platform")
	s.Platforms = nil
	_, err = pipeline.Lock(t.Context(), s.Options, true)
	require.NoError(t, err)
	assert.Equal(t, []string{"alpine-release", "nginx", "zlib"}, s.locked(t).Alpine.Wanted)
}

// change is one change to a copy of the mirror.
type change struct {
	name string
	do   func(t *testing.T, dir string, key repository.Key)
	want []string // all of them in the error
}

func TestLockRefuses(t *testing.T) {
	t.Parallel()
	index := func(dir string) string { return filepath.Join(dir, branch, "main", "x86_64", "APKINDEX.tar.gz") }
	rewrite := func(edit func([]byte) []byte) func(*testing.T, string, repository.Key) {
		return func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			data, err := os.ReadFile(index(dir))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(index(dir), edit(data), 0o600))
		}
	}
	sign := func(keys func(good repository.Key) []repository.Key) func(*testing.T, string, repository.Key) {
		return func(t *testing.T, dir string, good repository.Key) {
			t.Helper()
			data, err := repository.Index("v3.22", time.Unix(1800000000, 0), nil, keys(good)...)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(index(dir), data, 0o600))
		}
	}
	stranger := func(name string) repository.Key {
		key, err := repository.GenerateKey(name)
		require.NoError(t, err)
		return key
	}
	flip := func(pattern string) func(*testing.T, string, repository.Key) {
		return func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			name := find(t, dir, pattern)
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			data[len(data)-len(data)/3] ^= 4
			require.NoError(t, os.WriteFile(name, data, 0o600))
		}
	}
	const what = "verifying the index of v3.22 main for x86_64: "
	for _, c := range []change{
		{"unsigned index", sign(func(repository.Key) []repository.Key { return nil }), []string{what, "not signed"}},
		{"index of a stranger", sign(func(repository.Key) []repository.Key {
			return []repository.Key{stranger("stranger@example.org-1.rsa.pub")}
		}),
			[]string{what, "it is signed with stranger@example.org-1.rsa.pub, and alpine.keys of the definition has only " + keyName}},
		{"stranger under a trusted name", sign(func(repository.Key) []repository.Key { return []repository.Key{stranger(keyName)} }), []string{what, keyName}},
		{"another key file", func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "keys", keyName), stranger(keyName).PublicPEM(), 0o600))
		}, []string{what, keyName, "fingerprint"}},
		{"no key file", func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(dir, "keys", keyName)))
		}, []string{what, "reading the key " + keyName, "ALPINE_KEYS"}},
		{"truncated index", rewrite(func(d []byte) []byte { return d[:len(d)-20] }), []string{what}},
		{"index with something behind it", rewrite(func(d []byte) []byte { return append(d, "more"...) }), []string{what}},
		{"changed index", rewrite(func(d []byte) []byte { d[len(d)-100] ^= 1; return d }), []string{what}},
		{"no index", func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			require.NoError(t, os.Remove(index(dir)))
		},
			[]string{"reading the index of v3.22 main for x86_64", "404 Not Found", "ALPINE_MIRROR"}},
		{"empty index", sign(func(good repository.Key) []repository.Key { return []repository.Key{good} }), []string{"resolving the packages for linux/amd64", "nginx"}},
		{"changed package", flip("libssl3-*.apk"), []string{"libssl3-", "is not what the signed index says"}},
		{"truncated package", func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			require.NoError(t, os.Truncate(find(t, dir, "pcre2-*.apk"), 1000))
		},
			[]string{"pcre2-", "is not what the signed index says"}},
		{"longer package", func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			name := find(t, dir, "zlib-*.apk")
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(name, append(data, 0), 0o600))
		}, []string{"zlib-", "are allowed"}},
		{"another package under its name", func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			require.NoError(t, os.Rename(find(t, dir, "zlib-*.apk"), find(t, dir, "musl-1*.apk")))
		}, []string{"musl-"}},
		{"no package", func(t *testing.T, dir string, _ repository.Key) {
			t.Helper()
			require.NoError(t, os.Remove(find(t, dir, "libcrypto3-*.apk")))
		},
			[]string{"libcrypto3-", "404 Not Found"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			good, err := publish()
			require.NoError(t, err)
			dir := filepath.Join(t.TempDir(), "mirror")
			require.NoError(t, os.CopyFS(dir, os.DirFS(good.Dir)))
			c.do(t, dir, good.Key)
			s := newSite(t, dir)
			_, err = pipeline.Lock(t.Context(), s.Options, false)
			require.Error(t, err)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			assert.NoFileExists(t, filepath.Join(s.Repository, "images", "alpine.lock.json"))
		})
	}
}

// A mirror that shows an index older than one seen before may be hiding fixes.
func TestLockRefusesAnOlderIndex(t *testing.T) {
	t.Parallel()
	good, err := publish()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "mirror")
	require.NoError(t, os.CopyFS(dir, os.DirFS(good.Dir)))
	s := newSite(t, dir)
	s.Platforms = []string{"linux/amd64"}
	s.lock(t)
	path := filepath.Join(s.Repository, "images", "alpine.lock.json")
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	old := time.Unix(s.locked(t).Alpine.Platforms[0].Indexes[0].Built-1, 0)
	data, err := repository.Index("v3.22", old, nil, good.Key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, branch, "main", "x86_64", "APKINDEX.tar.gz"), data, 0o600))
	_, err = pipeline.Lock(t.Context(), s.Options, true)
	require.ErrorContains(t, err, "an old index may hide security fixes")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "the lock stays")
}

// A lock for something else than the definition says is made anew only when
// asked to.
func TestLockOfAnotherBranch(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.lock(t)
	file := filepath.Join(s.Repository, "images", "alpine.lock.json")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	text := strings.Replace(string(data), `"branch": "v3.22"`, `"branch": "v3.21"`, 1)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	_, err = pipeline.Lock(t.Context(), s.Options, false)
	require.ErrorContains(t, err, `field alpine.branch is "v3.21", but the definition says "v3.22"`)
	_, err = pipeline.Lock(t.Context(), s.Options, true)
	require.NoError(t, err)
	assert.Equal(t, "v3.22", s.locked(t).Alpine.Branch)

	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, err = pipeline.Lock(t.Context(), s.Options, true)
	require.ErrorContains(t, err, "remove the file if nothing in it is of use")
}

func TestLockOfSource(t *testing.T) {
	t.Parallel()
	s := newSite(t, mirror(t))
	s.Name = "static"
	before, err := os.ReadFile(filepath.Join(s.Repository, "images/static.lock.json"))
	require.NoError(t, err)
	s.lock(t)
	require.Contains(t, s.stderr.String(), "images/static.lock.json matches the definition; -update looks for newer sources")
	after, err := os.ReadFile(filepath.Join(s.Repository, "images/static.lock.json"))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.Zero(t, s.requests.Load())
	s.Platforms = []string{"linux/amd64"}
	_, err = pipeline.Lock(t.Context(), s.Options, false)
	require.ErrorContains(t, err, "images/static.lock.json is of sources, which are the same for all platforms")
}
