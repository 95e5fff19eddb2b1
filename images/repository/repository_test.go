package repository

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/store"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/repository"
)

const (
	keyName = "test@example.org-1.rsa.pub"
	arch    = "x86_64"
	amd64   = "linux/amd64"
)

// key is made once: that takes longer than all else here.
var key = sync.OnceValue(func() repository.Key {
	k, err := repository.GenerateKey(keyName)
	if err != nil {
		panic(err)
	}
	return k
})

func pack(name, version string, built int64, depends ...string) repository.Package {
	return repository.Package{
		Name: name, Version: version, Arch: arch, Built: built, License: "MIT", Depends: depends,
		Files: []repository.File{{Path: "usr/bin/" + name, Mode: 0o755, Data: []byte(name + version)}},
	}
}

// A mirror serves two repositories and counts what it is asked for.
type mirror struct {
	repository.Mirror

	url string
	mu  sync.Mutex
	got []string
}

func newMirror(t *testing.T) *mirror {
	t.Helper()
	m := &mirror{Mirror: repository.Mirror{Dir: t.TempDir(), Key: key()}}
	m.publish(t, "main", pack("nginx", "1.28.0-r3", 1700000003, "so:libz.so.1", "musl"), pack("musl", "1.2.5-r10", 1700000001))
	zlib := pack("zlib", "1.3.1-r2", 1700000002, "musl")
	zlib.Provides = []string{"so:libz.so.1=1.3.1"}
	m.publish(t, "community", zlib, pack("unwanted", "1-r0", 1700000000))
	files := http.FileServer(http.Dir(m.Dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.got = append(m.got, strings.TrimPrefix(r.URL.Path, "/v3.23/"))
		m.mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *mirror) publish(t *testing.T, name string, packages ...repository.Package) {
	t.Helper()
	if err := m.Publish("v3.23", name, arch, packages); err != nil {
		t.Fatal(err)
	}
}

// requests are those since the last call.
func (m *mirror) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.got
	m.got = nil
	return got
}

func (m *mirror) client(t *testing.T) Client {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(m.Key.PublicPEM())
	return Client{
		Alpine: images.Alpine{
			Branch: "v3.23", Repositories: []string{"main", "community"}, Packages: []string{"nginx"},
			Keys: map[string]string{keyName: hex.EncodeToString(sum[:])},
		},
		Mirror: m.url, KeysFrom: []string{m.url + "/keys"}, Store: s,
	}
}

func mustLock(t *testing.T, c Client, older images.LockedPlatform) images.LockedPlatform {
	t.Helper()
	locked, err := c.Lock(t.Context(), amd64, older)
	if err != nil {
		t.Fatal(err)
	}
	return locked
}

func TestLock(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	c := m.client(t)
	locked := mustLock(t, c, images.LockedPlatform{})
	var names []string
	for _, l := range locked.Packages {
		names = append(names, l.Repository+"/"+l.File())
		file, err := os.ReadFile(filepath.Join(m.Dir, "v3.23", l.Repository, arch, l.File()))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(file)
		if l.SHA256 != hex.EncodeToString(sum[:]) || l.Size != int64(len(file)) || l.Arch != arch {
			t.Errorf("%s is locked as %+v", l.Name, l)
		}
	}
	if diff := cmp.Diff([]string{"main/musl-1.2.5-r10.apk", "main/nginx-1.28.0-r3.apk", "community/zlib-1.3.1-r2.apk"}, names); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
	want := []images.LockedIndex{
		{Repository: "main", Description: "v3.23 main", Built: 1700000003, Signer: keyName},
		{Repository: "community", Description: "v3.23 community", Built: 1700000002, Signer: keyName},
	}
	if diff := cmp.Diff(want, locked.Indexes); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
	m.requests()

	if !c.Has(locked) {
		t.Error("what was locked is not in the store")
	}
	if err := c.Fetch(t.Context(), locked); err != nil || len(m.requests()) > 0 {
		t.Errorf("a connection is opened for what is there: %v", err)
	}
	packages, err := c.ReadAll(t.Context(), locked)
	if err != nil || len(packages) != 3 || packages[1].Record.Name != "nginx" || len(packages[1].Files) == 0 {
		t.Errorf("got %+v, %v", packages, err)
	}
}

// What an earlier lock has already got is not fetched again.
func TestLockAgain(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	c := m.client(t)
	first := mustLock(t, c, images.LockedPlatform{})
	m.publish(t, "main", pack("nginx", "1.28.0-r4", 1700000009, "so:libz.so.1", "musl"), pack("musl", "1.2.5-r10", 1700000001))
	m.requests()
	second := mustLock(t, c, first)
	var packages []string
	for _, path := range m.requests() {
		if strings.HasSuffix(path, ".apk") {
			packages = append(packages, path)
		}
	}
	if diff := cmp.Diff([]string{"main/x86_64/nginx-1.28.0-r4.apk"}, packages); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
	if nginx, _ := second.Package("nginx"); nginx.Version != "1.28.0-r4" || second.Indexes[0].Built != 1700000009 {
		t.Errorf("got %+v", second)
	}
	if _, err := c.Lock(t.Context(), amd64, second); err != nil {
		t.Errorf("the same index again: %v", err)
	}

	m.publish(t, "main", pack("nginx", "1.28.0-r3", 1700000003, "musl"), pack("musl", "1.2.5-r10", 1700000001))
	_, err := c.Lock(t.Context(), amd64, second)
	want := "verifying the index of v3.23 main for x86_64: it was made at 2023-11-14T22:13:23Z, and the lock has seen one of 2023-11-14T22:13:29Z"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("an older index: %v", err)
	}
}

func TestLockRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, m *mirror, c *Client)
		want   string
	}{
		{"no such package", func(_ *testing.T, _ *mirror, c *Client) { c.Alpine.Packages = []string{"apache"} }, "resolving the packages for linux/amd64: "},
		{"a repository that is not there", func(_ *testing.T, _ *mirror, c *Client) { c.Alpine.Repositories = []string{"testing"} },
			"reading the index of v3.23 testing for x86_64: no place has it:"},
		{"a key with another fingerprint", func(_ *testing.T, _ *mirror, c *Client) {
			c.Alpine.Keys = map[string]string{keyName: strings.Repeat("0", 64)}
		}, "verifying the index of v3.23 main for x86_64: "},
		{"a key that is not pinned", func(_ *testing.T, _ *mirror, c *Client) {
			c.Alpine.Keys = map[string]string{"other.rsa.pub": strings.Repeat("0", 64)}
		}, "verifying the index of v3.23 main for x86_64: it is signed with " + keyName + ", and alpine.keys of the definition has only other.rsa.pub"},
		{"a key that is nowhere", func(_ *testing.T, m *mirror, c *Client) { c.KeysFrom = []string{m.url + "/nothing"} },
			"verifying the index of v3.23 main for x86_64: reading the key " + keyName + ": no place has it:"},
		{"no index", func(t *testing.T, m *mirror, _ *Client) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(m.Dir, "v3.23", "main", arch, indexFile), []byte("<html>"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "verifying the index of v3.23 main for x86_64: "},
		{"a changed package", func(t *testing.T, m *mirror, _ *Client) {
			t.Helper()
			name := filepath.Join(m.Dir, "v3.23", "main", arch, "musl-1.2.5-r10.apk")
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)-9] ^= 1
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "the mirror's musl-1.2.5-r10.apk is not what the signed index says: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMirror(t)
			c := m.client(t)
			tt.change(t, m, &c)
			_, err := c.Lock(t.Context(), amd64, images.LockedPlatform{})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
	t.Run("a platform without packages", func(t *testing.T) {
		t.Parallel()
		if _, err := newMirror(t).client(t).Lock(t.Context(), "windows/amd64", images.LockedPlatform{}); err == nil {
			t.Error("it was accepted")
		}
	})
}

// What has been kept elsewhere is used before the mirror is asked.
func TestNear(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	c := m.client(t)
	locked := mustLock(t, c, images.LockedPlatform{})
	kept := c
	other := m.client(t)
	other.Near = func(sum string) []string {
		return []string{"file://" + kept.Path(images.LockedPackage{SHA256: sum})}
	}
	m.requests()
	if err := other.Fetch(t.Context(), locked); err != nil || len(m.requests()) > 0 || !other.Has(locked) {
		t.Errorf("the mirror is asked: %v", err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	c := newMirror(t).client(t)
	locked := mustLock(t, c, images.LockedPlatform{})
	nginx, _ := locked.Package("nginx")
	for _, tt := range []struct {
		name   string
		change func(*images.LockedPackage)
	}{
		{"another version", func(l *images.LockedPackage) { l.Version = "1.28.0-r9" }},
		{"another name", func(l *images.LockedPackage) { l.Name = "musl" }},
		{"another checksum", func(l *images.LockedPackage) { l.Checksum = "Q1" + strings.Repeat("A", 27) + "=" }},
		{"no checksum", func(l *images.LockedPackage) { l.Checksum = "" }},
		{"another size", func(l *images.LockedPackage) { l.Size++ }},
		{"not there", func(l *images.LockedPackage) { l.SHA256 = strings.Repeat("0", 64) }},
	} {
		l := nginx
		tt.change(&l)
		if got, err := c.Read(l); err == nil || !strings.Contains(err.Error(), "package ") {
			t.Errorf("%s: got %+v, %v", tt.name, got.Record, err)
		}
	}
	path := c.Path(nginx)
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, nginx.Size-1); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(nginx); err == nil || !strings.Contains(err.Error(), "its SHA-256 in the store is") {
		t.Errorf("a damaged file: %v", err)
	}
	if c.Has(locked) {
		t.Error("a file that is too short counts as there")
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	c := newMirror(t).client(t)
	if err := c.Answers(t.Context(), arch, time.Minute); err != nil {
		t.Error(err)
	}
	c.Mirror = "http://127.0.0.1:1"
	if err := c.Answers(t.Context(), arch, time.Minute); err == nil {
		t.Error("nobody is there, and yet it answers")
	}
}
