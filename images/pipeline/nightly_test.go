package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// nights are runs against one registry, with stand-ins for compiling and testing.
type nights struct {
	*followed

	repository    string
	night         Night
	builds, tests int
}

func newNights(t *testing.T) *nights {
	t.Helper()
	n := &nights{followed: newFollowed(t), repository: serve(t, true)}
	n.night = Night{Publication: Publication{Reference: n.repository}}
	n.night.Build = func(_ context.Context, o Options) (string, error) {
		n.builds++
		house{o}.build(t) //nolint:contextcheck // it has that of the test
		return "nginx-scratch:static", nil
	}
	n.night.Test = func(_ context.Context, image string) error {
		n.tests++
		if image != "nginx-scratch:static" {
			return errors.New("another image: " + image)
		}
		return nil
	}
	return n
}

func (n *nights) run(t *testing.T) (string, error) {
	t.Helper()
	return Nightly(t.Context(), n.Options, n.night)
}

func (n *nights) must(t *testing.T) string {
	t.Helper()
	got, err := n.run(t)
	if err != nil {
		t.Fatalf("%v\n%s", err, n.stderr)
	}
	return got
}

// nightly is what the tag leads to, empty if there is none.
func (n *nights) nightly(t *testing.T) string {
	t.Helper()
	ref, err := name.ParseReference(n.repository + ":nightly")
	if err != nil {
		t.Fatal(err)
	}
	desc, err := remote.Head(ref)
	if err != nil {
		return ""
	}
	return n.repository + "@" + desc.Digest.String()
}

// changelog is all of it.
func (n *nights) changelog(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(n.Repository, "dist/nightly/static", changelogFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

// clean checks that a run has left nothing for the next one.
func (n *nights) clean(t *testing.T) {
	t.Helper()
	if exists(filepath.Join(n.Repository, "dist/nightly/static", recordFile)) {
		t.Error("the record is still there")
	}
}

func (n *nights) newer(t *testing.T) {
	t.Helper()
	n.publish(t, nginxOf("1.26.4-1", 4, "first.patch", "CVE-2026-60005.patch"))
}

func TestNightly(t *testing.T) {
	t.Parallel()
	n := newNights(t)
	first := n.must(t)
	if first == "" || n.nightly(t) != first || n.revision(t) != "1.26.3-1" || n.tests != 1 {
		t.Fatalf("got %q, tag %q, lock %s, %d tests", first, n.nightly(t), n.revision(t), n.tests)
	}
	if tags := tagsOf(t, n.repository); !slices.Equal(tags, []string{"1.26.3", "1.26.3-20261126", "nightly"}) {
		t.Errorf("tags %q", tags)
	}
	if want := "## 2026-11-26\n\n`" + first + "`\n\n- the first nightly image\n"; n.changelog(t) != want {
		t.Errorf("got %s", n.changelog(t))
	}
	// The second run of the day publishes nothing, and tests nothing.
	if again := n.must(t); again != "" || n.tests != 1 || n.builds != 2 {
		t.Errorf("again: %q, %d tests", again, n.tests)
	}
	n.newer(t)
	second := n.must(t)
	if second == "" || second == first || n.nightly(t) != second || n.revision(t) != "1.26.4-1" {
		t.Fatalf("got %q, tag %q", second, n.nightly(t))
	}
	if want := "`" + second + "`\n\n- nginx 1.26.3-1 -> 1.26.4-1: CVE-2026-60005\n  - `+ CVE-2026-60005.patch`\n\n## 2026-11-26\n\n`" + first; !strings.Contains(n.changelog(t), want) {
		t.Errorf("got %s", n.changelog(t))
	}
	n.clean(t)
}

// Who starts from a checkout that has the update already says so too.
func TestNightlyFromAnotherMachine(t *testing.T) {
	t.Parallel()
	n := newNights(t)
	n.must(t)
	n.newer(t)
	if _, err := Lock(t.Context(), n.Options, true); err != nil {
		t.Fatal(err)
	}
	n.must(t)
	if want := "- now made of nginx_1.26.4-1.debian.tar.xz\n"; !strings.Contains(n.changelog(t), want) {
		t.Errorf("got %s", n.changelog(t))
	}
	// From a checkout that is behind, on a mirror that lags, nothing goes back.
	behind := newNights(t)
	behind.repository, behind.night.Reference = n.repository, n.repository
	now := n.nightly(t)
	if got, err := behind.run(t); err == nil || !strings.Contains(err.Error(), "update the checkout") || n.nightly(t) != now || behind.tests != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestNightlyDifferences(t *testing.T) {
	t.Parallel()
	n := newNights(t)
	first := n.must(t)
	n.newer(t)
	n.night.Differences = func(_ context.Context, published, layout string) (string, error) {
		return "- from " + published + " to " + filepath.Base(layout) + "\n", nil
	}
	n.must(t)
	if want := "- from " + first + " to oci\n"; !strings.Contains(n.changelog(t), want) {
		t.Errorf("got %s", n.changelog(t))
	}
}

func TestNightlyDryRun(t *testing.T) {
	t.Parallel()
	n := newNights(t)
	n.night.DryRun = true
	lock := n.read(t, "images/static.lock.json")
	if got := n.must(t); got != "" || n.nightly(t) != "" || n.tests != 0 || n.read(t, "images/static.lock.json") != lock {
		t.Errorf("got %q, %d tests", got, n.tests)
	}
	if !strings.Contains(n.stderr.String(), "would be published: - the first nightly image") {
		t.Errorf("got %s", n.stderr)
	}
	n.clean(t)
}

// A step that fails publishes nothing, and leaves tags and lock as they were.
func TestNightlyFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(t *testing.T, n *nights)
		want   string
	}{
		{"a test", func(_ *testing.T, n *nights) {
			n.night.Test = func(context.Context, string) error { return errors.New("broken") }
		}, "nothing is published, for a test has failed: broken"},
		{"another build in the meantime", func(t *testing.T, n *nights) {
			t.Helper()
			n.night.Test = func(context.Context, string) error {
				return os.WriteFile(filepath.Join(n.Repository, "dist/static/oci/index.json"), []byte("{}"), 0o600)
			}
		}, "somebody has built another image in the meantime"},
		{"the build", func(_ *testing.T, n *nights) {
			n.night.Build = func(context.Context, Options) (string, error) { return "", errors.New("broken") }
		}, "building: broken"},
		{"the update", func(t *testing.T, n *nights) {
			t.Helper()
			n.edit(t, "    version: 1.26.3\n", "    version: 1.26.3\n    skip_patches: {gone.patch: x}\n")
		}, "updating the lock"},
		{"the registry", func(_ *testing.T, n *nights) { n.night.Reference = "127.0.0.1:1/nobody" }, "127.0.0.1:1"},
		{"a tag", func(_ *testing.T, n *nights) { n.night.Reference += ":1.26" }, "has a tag"},
		{"Ctrl-C", func(_ *testing.T, n *nights) {
			n.night.Test = func(context.Context, string) error { return context.Canceled }
		}, "canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNights(t)
			first := n.must(t)
			n.newer(t)
			c.change(t, n)
			lock, text := n.read(t, "images/static.lock.json"), n.read(t, "images/static.yaml")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if got, err := Nightly(ctx, n.Options, n.night); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, %v, want %s", got, err, c.want)
			}
			if n.nightly(t) != first || n.read(t, "images/static.lock.json") != lock || n.read(t, "images/static.yaml") != text {
				t.Error("something has changed")
			}
			if tags := tagsOf(t, n.repository); len(tags) != 3 {
				t.Errorf("tags %q", tags)
			}
			n.clean(t)
		})
	}
}
