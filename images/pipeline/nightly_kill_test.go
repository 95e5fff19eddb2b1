package pipeline

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// killed ends a run where it is, with nothing after it being done: as a signal
// that cannot be caught would.
type killed struct{}

func (n *nights) die(t *testing.T) {
	t.Helper()
	defer func() {
		if r := recover(); r != any(killed{}) {
			t.Fatalf("the run was not killed: %v", r)
		}
	}()
	got, err := n.run(t)
	t.Fatalf("the run was not killed: %q, %v", got, err)
}

// Whenever a run is killed, the tag leads to the old image or the new one, and the
// next run gets to the same end as one that was not killed.
func TestNightlyKilled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		at   func(n *nights)
		// tests that the two runs start, and whether the lock that is left is the old one
		// again before the next run builds.
		tests int
	}{
		{"before the build", func(n *nights) {
			n.night.Build = func(context.Context, Options) (string, error) { panic(killed{}) }
		}, 1},
		{"after the build", func(n *nights) {
			build := n.night.Build
			n.night.Build = func(ctx context.Context, o Options) (string, error) {
				_, _ = build(ctx, o)
				panic(killed{})
			}
		}, 1},
		{"in the tests", func(n *nights) {
			n.night.Test = func(context.Context, string) error { n.tests++; panic(killed{}) }
		}, 2},
		{"when all tests have passed", func(n *nights) {
			n.night.Differences = func(context.Context, string, string) (string, error) { panic(killed{}) }
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNights(t)
			first, before := n.must(t), n.read(t, "images/static.yaml")
			n.newer(t)
			whole, tests := n.night, n.tests
			c.at(n)
			n.die(t)
			if n.nightly(t) != first || !exists(filepath.Join(n.Repository, "dist/nightly/static", recordFile)) {
				t.Error("the tag has moved, or no record was left")
			}
			// The next run sees the lock that was there before.
			n.night = whole
			build := whole.Build
			n.publish(t, nginxOf("1.26.3-1", 2, "first.patch"))
			n.night.Build = func(ctx context.Context, o Options) (string, error) {
				if n.read(t, "images/static.yaml") != before {
					t.Error("the lock that was never tested was not put back")
				}
				return build(ctx, o)
			}
			if got := n.must(t); got != "" || n.nightly(t) != first {
				t.Errorf("got %q", got)
			}
			n.night = whole
			n.newer(t)
			if got := n.must(t); got == "" || n.nightly(t) != got || n.revision(t) != "1.26.4-1" || n.tests-tests != c.tests {
				t.Errorf("got %q, tag %q, lock %s, %d tests", got, n.nightly(t), n.revision(t), n.tests-tests)
			}
			n.clean(t)
		})
	}
}

// Killed at each file that it writes: the record was there first.
func TestNightlyKilledWhileWriting(t *testing.T) {
	t.Parallel()
	for written := range 3 {
		n := newNights(t)
		n.must(t)
		n.newer(t)
		r := night{Options: n.Options, Night: n.night}
		d, err := loadDefinition(n.Repository, n.Name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := r.relock(t.Context(), d, true, nil)
		if err != nil || len(e.files) != 2 {
			t.Fatalf("%d files, %v", len(e.files), err)
		}
		if err := r.note(e); err != nil {
			t.Fatal(err)
		}
		lock, text := n.read(t, "images/static.lock.json"), n.read(t, "images/static.yaml")
		if err := r.apply(e.files[:written]); err != nil {
			t.Fatal(err)
		}
		next := night{Options: n.Options, Night: n.night}
		if err := next.recover(); err != nil {
			t.Fatal(err)
		}
		if n.read(t, "images/static.lock.json") != lock || n.read(t, "images/static.yaml") != text {
			t.Errorf("with %d files written, not all was put back", written)
		}
		// What somebody has changed since then is theirs.
		if err := r.note(e); err != nil {
			t.Fatal(err)
		}
		n.edit(t, "components:", "# mine\ncomponents:")
		if err := next.recover(); err != nil || !strings.Contains(n.read(t, "images/static.yaml"), "# mine") {
			t.Errorf("a person's change was lost: %v", err)
		}
		n.clean(t)
	}
}

// Killed at each request to the registry: tested is tested, and the next run
// publishes without testing again.
func TestNightlyKilledWhilePublishing(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		n := newNights(t)
		first := n.must(t)
		n.newer(t)
		direct := n.repository
		host, path, _ := strings.Cut(direct, "/")
		target, err := url.Parse("http://" + host)
		if err != nil {
			t.Fatal(err)
		}
		ctx, kill := context.WithCancel(t.Context())
		var writes atomic.Int64
		proxy := httputil.NewSingleHostReverseProxy(target)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead && writes.Add(1) == int64(at) {
				kill()
				return
			}
			proxy.ServeHTTP(w, r)
		}))
		n.night.Reference = strings.TrimPrefix(server.URL, "http://") + "/" + path
		got, err := Nightly(ctx, n.Options, n.night)
		server.Close()
		kill()
		tests := n.tests
		if int64(at) > writes.Load() {
			if err != nil || got == "" {
				t.Fatalf("got %q, %v", got, err)
			}
			if at < 5 {
				t.Errorf("the registry was written to %d times only", at)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), "interrupted") {
			t.Fatalf("write %d: got %q, %v", at, got, err)
		}
		n.night.Reference = direct
		second := n.must(t)
		if second == "" || second == first || n.nightly(t) != second || n.tests != tests || n.revision(t) != "1.26.4-1" {
			t.Errorf("write %d: got %q, tag %q, %d tests more", at, second, n.nightly(t), n.tests-tests)
		}
		if got := n.must(t); got != "" || strings.Count(n.changelog(t), "CVE-2026-60005:")+strings.Count(n.changelog(t), ": CVE-2026-60005") != 1 {
			t.Errorf("write %d: got %q\n%s", at, got, n.changelog(t))
		}
		n.clean(t)
	}
}

func TestNightlyRecordDamaged(t *testing.T) {
	t.Parallel()
	n := newNights(t)
	path := filepath.Join(n.Repository, "dist/nightly/static", recordFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := n.run(t); err == nil || !strings.Contains(err.Error(), recordFile) || n.builds > 0 {
		t.Errorf("got %q, %v", got, err)
	}
}
