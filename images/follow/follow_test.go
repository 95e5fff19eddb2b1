package follow_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/debian"
	"github.com/nginx-scratch/nginx-scratch/images/follow"
	"github.com/nginx-scratch/nginx-scratch/images/store"
	fixture "github.com/nginx-scratch/nginx-scratch/tests/fixtures/debian"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// world is an archive on a server, and what follows it.
type world struct {
	dir    string
	key    fixture.Key
	client follow.Client
	main   fixture.Suite
	later  fixture.Suite
	lock   images.Lock
	def    images.Definition
}

func day(n int) time.Time { return now.AddDate(0, 0, n-30) }

func nginx(revision string, made int, patches ...fixture.Patch) fixture.Source {
	return fixture.Source{
		Name: "nginx", Version: "1.26.3-3+deb13u" + revision, Original: "nginx 1.26.3", Date: day(made),
		Patches: append([]fixture.Patch{{Name: "old.patch", Text: "old"}}, patches...),
	}
}

var (
	fix9  = fixture.Patch{Name: "CVE-2026-9256.patch", Text: "nine"}
	fix10 = fixture.Patch{Name: "CVE-2026-60005.patch", Text: "ten"}
	fix11 = fixture.Patch{Name: "limit.patch", Text: "eleven"}
)

func zlib(revision string, patches ...fixture.Patch) fixture.Source {
	return fixture.Source{
		Name: "zlib", Version: "1:1.3.dfsg+really1.3.1-1" + revision, Original: "zlib", Date: day(1), Patches: patches,
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := fixture.NewKey(now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	pinned := map[string]string{"test": key.Fingerprint()}
	w := &world{dir: t.TempDir(), key: key}
	if w.client.Keys, err = debian.Trust(pinned, public); err != nil {
		t.Fatal(err)
	}
	if w.client.Store, err = store.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(w.dir)))
	t.Cleanup(server.Close)
	w.client.Mirrors, w.client.Now = []string{server.URL + "/none", server.URL}, now
	w.main = fixture.Suite{Name: "trixie", Pool: "pool/main", Date: day(20), Sources: []fixture.Source{
		nginx("9", 9, fix9), zlib(""), {Name: "other", Version: "1-1", Original: "other"},
	}}
	w.later = fixture.Suite{Name: "trixie-security", Pool: "pool/updates/main", Date: day(29), Until: day(36)}
	w.def = images.Definition{
		Name: "static", Debian: &images.Debian{Suites: []string{"trixie", "trixie-security"}, Keys: pinned},
		Components: []images.Component{
			{Name: "zlib", Version: "1.3.1"},
			{Name: "nginx", Version: "1.26.3", SkipPatches: map[string]string{"old.patch": "not needed"}},
		},
	}
	w.lock = images.Lock{Definition: "static", SourceDateEpoch: day(9).Unix(), Components: []images.LockedComponent{
		{Name: "zlib", Version: "1.3.1", Source: pin(t, zlib(""), ".orig.tar.gz", "debian:pool/main/z/zlib/zlib.tar.gz")},
		{Name: "nginx", Version: "1.26.3", Source: pin(t, nginx("9", 9), ".orig.tar.gz", "https://example.org/nginx-1.26.3.tar.gz"), Patches: &images.Series{
			Revision: "1.26.3-3+deb13u9",
			Archive:  pin(t, nginx("9", 9, fix9), ".debian.tar.xz", "debian:pool/main/n/nginx/old", "https://archive.example.org/file/"+strings.Repeat("0", 40)),
			Patches:  []images.Patch{locked(fixture.Patch{Name: "old.patch", Text: "old"}), locked(fix9)},
		}},
	}}
	return w
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func locked(p fixture.Patch) images.Patch {
	return images.Patch{File: p.Name, SHA256: hash([]byte(p.Text))}
}

// pin is what a lock has for one of the archives of a source.
func pin(t *testing.T, s fixture.Source, end string, places ...string) images.Input {
	t.Helper()
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if strings.HasSuffix(name, end) {
			return images.Input{File: name, SHA256: hash(data), Size: int64(len(data)), Places: places}
		}
	}
	t.Fatal(end)
	return images.Input{}
}

func (w *world) update(t *testing.T) (follow.Result, error) {
	t.Helper()
	for _, suite := range []fixture.Suite{w.main, w.later} {
		if err := w.key.Publish(w.dir, suite); err != nil {
			t.Fatal(err)
		}
	}
	return w.client.Update(t.Context(), w.def, w.lock)
}

func (w *world) must(t *testing.T) follow.Result {
	t.Helper()
	r, err := w.update(t)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// revisions are those of a lock, by component.
func revisions(l images.Lock) string {
	var all []string
	for _, c := range l.Components {
		all = append(all, c.Name+" "+c.Revision())
	}
	return strings.Join(all, ", ")
}

func TestNothingNewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.must(t)
	if len(r.Changes)+len(r.Notes)+len(r.Versions) > 0 {
		t.Errorf("got %+v", r)
	}
	want := w.lock
	want.Debian = []images.LockedSuite{
		{Suite: "trixie", Date: day(20).Unix(), Signer: w.key.Fingerprint()},
		{Suite: "trixie-security", Date: day(29).Unix(), Signer: w.key.Fingerprint()},
	}
	if diff := cmp.Diff(want, r.Lock); diff != "" {
		t.Error(diff)
	}
}

func TestNewerRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u10 := nginx("10", 22, fix10)
	w.later.Sources = []fixture.Source{u10, nginx("9", 9, fix9)}
	r := w.must(t)
	got, _ := r.Lock.Component("nginx")
	want, _ := w.lock.Component("nginx")
	archive := pin(t, u10, ".debian.tar.xz")
	archive.Places = []string{"debian:pool/updates/main/n/nginx/nginx_1.26.3-3%2Bdeb13u10.debian.tar.xz"}
	want.Patches = &images.Series{Revision: "1.26.3-3+deb13u10", Archive: archive, Patches: []images.Patch{
		locked(fixture.Patch{Name: "old.patch", Text: "old"}), locked(fix10),
	}}
	places := got.Patches.Archive.Places
	if len(places) != 2 || !strings.HasPrefix(places[1], "https://archive.example.org/file/") || strings.HasSuffix(places[1], strings.Repeat("0", 40)) {
		t.Fatalf("places %q", places)
	}
	got.Patches.Archive.Places = places[:1]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	lines := slices.Concat(r.Changes[0].Lines(), r.Notes)
	if diff := cmp.Diff([]string{
		"nginx 1.26.3-3+deb13u9 -> 1.26.3-3+deb13u10: CVE-2026-60005", "  + CVE-2026-60005.patch", "  - CVE-2026-9256.patch",
	}, lines); diff != "" {
		t.Error(diff)
	}
	if r.Lock.SourceDateEpoch != day(22).Unix() {
		t.Errorf("the date is %s", r.Lock.Epoch())
	}
	// The lock that was made is one that can be read, and has nothing newer.
	data, err := r.Lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "static.lock.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if w.lock, err = images.LoadLock(os.DirFS(filepath.Dir(path)), "static.lock.json", w.def); err != nil {
		t.Fatal(err)
	}
	if r := w.must(t); len(r.Changes) > 0 || !cmp.Equal(r.Lock, w.lock) {
		t.Errorf("again: %+v", r.Changes)
	}
}

// Mirrors lag: what the index has and the pool has not is named, and the next
// older is taken.
func TestMissingFromThePool(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u11 := nginx("11", 25, fix10, fix11)
	u11.Gone = true
	w.later.Sources = []fixture.Source{u11, nginx("10", 22, fix10)}
	r := w.must(t)
	if got := revisions(r.Lock); got != "zlib 1.3.1, nginx 1.26.3-3+deb13u10" {
		t.Errorf("got %s", got)
	}
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "nginx 1.26.3-3+deb13u11 is in the index, but no mirror has") {
		t.Errorf("got %q", r.Notes)
	}
	// With all newer ones gone, the lock stays.
	w = newWorld(t)
	w.main.Sources, w.later.Sources = w.main.Sources[1:], []fixture.Source{u11}
	if r := w.must(t); revisions(r.Lock) != revisions(w.lock) || len(r.Changes) > 0 {
		t.Errorf("got %s", revisions(r.Lock))
	}
}

func TestNeverBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.main.Sources = []fixture.Source{nginx("8", 8), zlib("")}
	if r := w.must(t); revisions(r.Lock) != revisions(w.lock) || len(r.Changes) > 0 {
		t.Errorf("got %s", revisions(r.Lock))
	}
}

func TestBranch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, version := range []string{"1.26.5-1", "1.26.4-1~deb13u1", "1.26.6~rc1-1", "1.27.0-1", "2:1.26.9+git1-1"} {
		s := nginx("", 24)
		s.Version, s.Original = version, "nginx "+version
		s.Gone = version == "1.26.5-1"
		w.later.Sources = append(w.later.Sources, s)
	}
	r := w.must(t)
	got, _ := r.Lock.Component("nginx")
	if got.Version != "1.26.4" || got.Revision() != "1.26.4-1~deb13u1" || !maps.Equal(r.Versions, map[string]string{"nginx": "1.26.4"}) {
		t.Errorf("got %s, %v", revisions(r.Lock), r.Versions)
	}
	if diff := cmp.Diff([]string{
		"https://example.org/nginx-1.26.4.tar.gz", "debian:pool/updates/main/n/nginx/nginx_1.26.4.orig.tar.gz",
	}, got.Source.Places); diff != "" {
		t.Error(diff)
	}
	// Who was killed before the definition was written gets the same again.
	w.lock = r.Lock
	again := w.must(t)
	if len(again.Changes) > 0 || !maps.Equal(again.Versions, r.Versions) {
		t.Errorf("again: %+v", again)
	}
}

// A component without a series gets one when Debian has patches for it.
func TestFirstPatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.main.Sources = append(w.main.Sources, zlib("+deb13u1", fixture.Patch{Name: "CVE-2026-1.patch", Text: "x"}, fixture.Patch{Name: "CVE-2026-12345.patch", Text: "y"}))
	r := w.must(t)
	if got := revisions(r.Lock); got != "zlib 1:1.3.dfsg+really1.3.1-1+deb13u1, nginx 1.26.3-3+deb13u9" {
		t.Errorf("got %s", got)
	}
	if len(r.Changes) != 1 || !slices.Equal(r.Changes[0].Fixes(), []string{"CVE-2026-12345"}) {
		t.Errorf("got %+v", r.Changes)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	other, err := fixture.NewKey(now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(w *world)
		want   string
	}{
		{"another key", func(w *world) { w.key = other }, "verifying the index of trixie: checking the signature"},
		{"expired", func(w *world) { w.client.Now = day(37) }, "trixie-security: it was valid until"},
		{"older than one that was seen", func(w *world) {
			w.lock.Debian = []images.LockedSuite{{Suite: "trixie-security", Date: day(30).Unix()}}
		}, "the lock has seen one of"},
		{"another suite by that name", func(w *world) { w.later.Codename = "trixie" }, `it is of "trixie"`},
		{"the list is not the one", func(w *world) {
			w.main.After = func(d []byte) []byte { d[20]++; return d }
		}, "sha256"},
		{"the list is truncated", func(w *world) {
			w.main.Change = func(d []byte) []byte { return d[:len(d)-12] }
		}, "truncated"},
		{"the list is no xz", func(w *world) { w.main.Change = func([]byte) []byte { return []byte("Package: nginx\n") } }, "only gzip and xz"},
		{"a file that the index does not have", func(w *world) {
			s := nginx("10", 22)
			s.Damaged = true
			w.later.Sources = []fixture.Source{s}
		}, "nginx: 1.26.3-3+deb13u10: fetching"},
		{"the same version with other files", func(w *world) {
			w.later.Sources = []fixture.Source{nginx("9", 9, fix10)}
		}, "the suites have different files"},
		{"what is locked has other files now", func(w *world) {
			w.main.Sources[0] = nginx("9", 9, fix10)
		}, "has another SHA-256 for nginx_1.26.3-3+deb13u9.debian.tar.xz than the lock"},
		{"the same release has another archive", func(w *world) {
			s := nginx("10", 22)
			s.Original = "not nginx 1.26.3"
			w.later.Sources = []fixture.Source{s}
		}, "has another SHA-256 than the lock has for the same release"},
		{"what is skipped has gone", func(w *world) {
			s := nginx("10", 22)
			s.Patches = []fixture.Patch{fix10}
			w.later.Sources = []fixture.Source{s}
		}, `images/static.yaml: components[nginx].skip_patches has "old.patch", which 1.26.3-3+deb13u10 no longer has: remove it there`},
		{"the changelog is of another version", func(w *world) {
			s := nginx("10", 22)
			s.Patches[0].Name = "../../debian/changelog"
			w.later.Sources = []fixture.Source{s}
		}, "debian"},
		{"no such suite", func(w *world) { w.def.Debian.Suites = []string{"forky"} }, "name mirrors that have it in DEBIAN_MIRROR"},
		{"a component that was never locked", func(w *world) {
			w.def.Components = append(w.def.Components, images.Component{Name: "other", Version: "1.0"})
		}, "the lock has no other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w)
			r, err := w.update(t)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want %s", r, err, c.want)
			}
		})
	}
}
