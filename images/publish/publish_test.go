package publish_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// tags of the samples, in the order in which they are moved.
var tags = []string{"1.0-20261126", "1.0", "latest"}

// quick are options with which no test waits for long.
func quick() publish.Options {
	return publish.Options{Push: true, Backoff: time.Millisecond, IdleTimeout: 5 * time.Second}
}

func sampleOf(t testing.TB, content string) publish.Publication {
	t.Helper()
	p, err := publication(content, tags...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// push is one run of a publisher.
func push(ctx context.Context, repository string, p publish.Publication, opt publish.Options) error {
	r, err := publish.Connect(ctx, repository, opt)
	if err != nil {
		return err
	}
	digest, err := r.Publish(ctx, p)
	if err != nil {
		return err
	}
	want, err := p.Index.Digest()
	if err == nil && digest != want {
		err = fmt.Errorf("got digest %s, want %s", digest, want)
	}
	return err
}

// look checks, as another client sees it, that every tag leads to the new
// publication or the old one, which is complete, and that the tags before one
// that is new are new too. It returns how many are. Old may be nil.
func look(t testing.TB, repository string, old, now *publish.Publication) (moved int) {
	t.Helper()
	last, checked := true, map[v1.Hash]bool{}
	for _, tag := range tags {
		ref, err := name.ParseReference(repository + ":" + tag)
		if err != nil {
			t.Fatal(err)
		}
		index, err := remote.Index(ref)
		if err != nil {
			if old != nil {
				t.Errorf("tag %s: %v", tag, err)
			}
			last = false
			continue
		}
		got := digest(t, index)
		for _, p := range []*publish.Publication{old, now} {
			if p != nil && got == digest(t, p.Index) && !checked[got] {
				complete(t, repository, index, p)
				checked[got] = true
			}
		}
		switch {
		case got == digest(t, now.Index):
			if !last {
				t.Errorf("tag %s is new, and one before it is not", tag)
			}
			moved++
		case old != nil && got == digest(t, old.Index):
			last = false
		default:
			t.Errorf("tag %s leads to %s", tag, got)
		}
	}
	return moved
}

func digest(t testing.TB, of partial.Describable) v1.Hash {
	t.Helper()
	d, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// complete checks that all of a publication can be pulled.
func complete(t testing.TB, repository string, index v1.ImageIndex, p *publish.Publication) {
	t.Helper()
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	repo, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, referrer := range p.Referrers {
		m, err := referrer.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		listed, err := remote.Referrers(repo.Digest(m.Subject.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		entries, err := listed.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, entry := range entries.Manifests {
			if entry.Digest == digest(t, referrer) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("referrer %q is listed %d times", m.Annotations["text"], n)
		}
		there, err := remote.Image(repo.Digest(digest(t, referrer).String()))
		if err != nil {
			t.Error(err)
			continue
		}
		layers, err := there.Layers()
		if err != nil || len(layers) != 1 {
			t.Errorf("referrer %q: %d layers, %v", m.Annotations["text"], len(layers), err)
			continue
		}
		body, err := layers[0].Compressed()
		if err != nil {
			t.Error(err)
			continue
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(body); err != nil || text.String() != m.Annotations["text"] {
			t.Errorf("referrer has %q, %v", text.String(), err)
		}
	}
}

// once checks that nothing was uploaded twice, and that there were uploads.
func once(t testing.TB, p *proxy, repo string) {
	t.Helper()
	uploaded := p.uploaded(repo)
	for what, n := range uploaded {
		if n != 1 && !strings.Contains(what, "/manifests/sha256-") { // the fallback tag may be added to
			t.Errorf("%s was uploaded %d times", what, n)
		}
	}
	if len(uploaded) < 12 {
		t.Errorf("only %d uploads: %v", len(uploaded), uploaded)
	}
}

// registries are those that tests run against, each behind a proxy.
func registries(t *testing.T, do func(t *testing.T, p *proxy)) {
	t.Helper()
	for _, kind := range []string{"referrers API", "fallback tag", "docker-registry"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			switch kind {
			case "referrers API":
				do(t, memory(t, true))
			case "fallback tag":
				p := memory(t, false)
				p.all = true
				do(t, p)
			default:
				do(t, outside(t))
			}
		})
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	registries(t, func(t *testing.T, p *proxy) {
		t.Helper()
		repository := p.host() + "/a/nginx-scratch"
		old, now := sampleOf(t, "old"), sampleOf(t, "new")
		for _, step := range []struct {
			what     string
			old, now *publish.Publication
		}{{"first", nil, &old}, {"an update", &old, &now}, {"nothing new", &now, &now}} {
			p.reset(nil)
			if err := push(t.Context(), repository, *step.now, quick()); err != nil {
				t.Fatalf("%s: %v", step.what, err)
			}
			if moved := look(t, repository, step.old, step.now); moved != len(tags) {
				t.Errorf("%s: %d tags moved", step.what, moved)
			}
			if step.what == "nothing new" {
				for _, request := range p.seen() {
					if !strings.HasPrefix(request, "GET ") && !strings.HasPrefix(request, "HEAD ") {
						t.Errorf("nothing new, but %s", request)
					}
				}
			}
		}
		uploaded := p.uploaded("a/nginx-scratch")
		for what, n := range uploaded {
			if want := 1 + btoi(slices.ContainsFunc(tags, func(tag string) bool { return strings.HasSuffix(what, "/manifests/"+tag) })); n != want {
				t.Errorf("%s was uploaded %d times, want %d", what, n, want)
			}
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Whatever goes wrong once, at whichever request, is done again, and only that.
func TestOneFault(t *testing.T) {
	t.Parallel()
	faults := []struct {
		name  string
		fault fault
	}{
		{"429", status(http.StatusTooManyRequests, "Retry-After", "0")},
		{"500", status(http.StatusInternalServerError)},
		{"503", status(http.StatusServiceUnavailable)},
		{"cut", cut(0)},
		{"cut in the body", cut(40)},
		{"answer lost", lost},
		{"half an answer", half},
		{"timeout", hang},
	}
	registries(t, func(t *testing.T, p *proxy) {
		t.Helper()
		now := sampleOf(t, "new")
		total := requests(t, p, nil, now)
		for i, f := range faults {
			for n := 1; n <= total; n++ {
				if !p.all && n%len(faults) != i || p.fresh == nil && n%2 > 0 {
					continue // one of the faults at each request, or for a real server at every other
				}
				repo := fmt.Sprintf("one/%d/%d", i, n)
				repository := p.host() + "/" + repo
				p.empty()
				opt := quick()
				if f.name == "timeout" {
					opt.IdleTimeout = 60 * time.Millisecond
				}
				met := ""
				p.reset(func(k int, r *http.Request) fault {
					if k != n {
						return nil
					}
					met = r.Method + " " + r.URL.Path
					return f.fault
				})
				err := push(t.Context(), repository, now, opt)
				p.reset(nil)
				if err != nil {
					t.Errorf("%s at request %d, %s: %v", f.name, n, met, err)
				}
				if met == "" {
					t.Fatalf("there is no request %d", n)
				}
				if moved := look(t, repository, nil, &now); moved != len(tags) {
					t.Errorf("%s at request %d, %s: %d tags moved", f.name, n, met, moved)
				}
				once(t, p, repo)
				if t.Failed() {
					return
				}
			}
		}
	})
}

// seed puts the old publication there, and forgets its uploads.
func seed(t testing.TB, p *proxy, repository string, old publish.Publication) {
	t.Helper()
	p.reset(nil)
	p.empty()
	if err := push(t.Context(), repository, old, quick()); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.uploads = map[string]int{}
	p.mu.Unlock()
}

// requests is how many a publication takes, if nothing goes wrong.
func requests(t testing.TB, p *proxy, old *publish.Publication, now publish.Publication) int {
	t.Helper()
	repository := p.host() + "/count"
	if old != nil {
		seed(t, p, repository, *old)
	}
	p.reset(nil)
	if err := push(t.Context(), repository, now, quick()); err != nil {
		t.Fatal(err)
	}
	n := len(p.seen())
	if n < 50 || n > 200 {
		t.Fatalf("%d requests: %q", n, p.seen())
	}
	return n
}

// A publisher that is stopped at whichever request, before or after the
// registry has seen it, leaves the old tags or complete new ones, and the next
// one does what is left.
func TestStopped(t *testing.T) {
	t.Parallel()
	stops := []struct {
		when string
		does func(stop func()) fault
	}{
		{"before", func(stop func()) fault {
			return func(*proxy, http.ResponseWriter, *http.Request) bool { stop(); return true }
		}},
		{"after", func(stop func()) fault {
			return func(p *proxy, w http.ResponseWriter, r *http.Request) bool {
				p.forward(httptest.NewRecorder(), r)
				stop() // before the connection closes, or the client just asks again
				hangUp(w)
				return true
			}
		}},
	}
	registries(t, func(t *testing.T, p *proxy) {
		t.Helper()
		old, now := sampleOf(t, "old"), sampleOf(t, "new")
		total := requests(t, p, &old, now)
		for i, stopped := range stops {
			when := stopped.when
			for n := 1; n <= total; n++ {
				if p.fresh == nil && n%6 != 3*i { // a real server takes long: every third request
					continue
				}
				repo := fmt.Sprintf("stopped/%s/%d", when, n)
				repository := p.host() + "/" + repo
				seed(t, p, repository, old)
				ctx, cancel := context.WithCancelCause(t.Context())
				pressed := errors.New("Ctrl-C was pressed")
				f := stopped.does(func() { cancel(pressed) })
				p.reset(func(k int, _ *http.Request) fault {
					if k == n {
						return f
					}
					return nil
				})
				err := push(ctx, repository, now, quick())
				cancel(nil)
				if !errors.Is(err, pressed) {
					t.Errorf("stopped %s request %d: got %v", when, n, err)
				}
				p.reset(nil)
				look(t, repository, &old, &now)
				if err := push(t.Context(), repository, now, quick()); err != nil {
					t.Errorf("stopped %s request %d, the next run: %v", when, n, err)
				}
				if moved := look(t, repository, &old, &now); moved != len(tags) {
					t.Errorf("stopped %s request %d: %d tags moved", when, n, moved)
				}
				once(t, p, repo)
				if t.Failed() {
					return
				}
			}
		}
	})
}
