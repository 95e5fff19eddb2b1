package publish_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

var errNotHere = errors.New("nobody is here")

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestParseTarget(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("a", 64)
	for text, want := range map[string]publish.Target{
		"registry.example.com/nginx-scratch":                            {Repository: "registry.example.com/nginx-scratch"},
		"registry.example.com:5000/a/b:1.26.3":                          {Repository: "registry.example.com:5000/a/b", Tag: "1.26.3"},
		"registry.example.com/nginx-scratch@" + digest:                  {Repository: "registry.example.com/nginx-scratch", Digest: digest},
		"registry.example.com/nginx-scratch:1.0@" + digest:              {Repository: "registry.example.com/nginx-scratch", Tag: "1.0", Digest: digest},
		"somebody/nginx-scratch":                                        {Repository: "docker.io/somebody/nginx-scratch"},
		"":                                                              {},
		"https://registry.example.com/nginx-scratch":                    {},
		"registry.example.com/Nginx":                                    {},
		"registry.example.com/nginx-scratch:a b":                        {},
		"registry.example.com/nginx@sha512:" + strings.Repeat("a", 128): {},
	} {
		got, err := publish.ParseTarget(text)
		if got != want || (err == nil) != (want != publish.Target{}) {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for want, target := range map[string]publish.Target{"latest": {}, "1.0": {Tag: "1.0"}, digest: {Tag: "1.0", Digest: digest}} {
		if got := target.Reference(); got != want {
			t.Errorf("%+v asks for %s", target, got)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	// In UTC it is the 26th already.
	day := time.Date(2026, 11, 25, 23, 30, 0, 0, time.FixedZone("", -3600))
	for _, c := range []struct {
		naming publish.Naming
		want   string
	}{
		{publish.Naming{Version: "1.26.3", Date: day}, "1.26.3-20261126 1.26.3"},
		{publish.Naming{Version: "1.26.3", Date: day, Nightly: true}, "1.26.3-20261126 1.26.3 nightly"},
		{publish.Naming{Version: "1.26.3", Date: day, Latest: true, Nightly: true}, "1.26.3-20261126 1.26.3 nightly latest"},
		{publish.Naming{Version: "1.28.0", Date: day, Latest: true, Variant: "alpine"}, "1.28.0-20261126-alpine 1.28.0-alpine latest-alpine"},
		{publish.Naming{Date: day}, ""},
	} {
		got, err := c.naming.Tags()
		if strings.Join(got, " ") != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v gives %q, %v", c.naming, got, err)
		}
	}
}

// Only what is published is referred to.
func TestPublishRefusesReferrers(t *testing.T) {
	t.Parallel()
	p := memory(t, true)
	other, err := newArtifact(sampleOf(t, "other").Index, "x")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := image("amd64", "no artifact")
	if err != nil {
		t.Fatal(err)
	}
	for want, referrer := range map[string]v1.Image{"which is not published here": other, "has no subject": plain} {
		publication := sampleOf(t, "new")
		publication.Referrers = append(publication.Referrers, referrer)
		err := push(t.Context(), p.host()+"/a", publication, quick())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if slices.ContainsFunc(p.seen(), func(request string) bool { return strings.HasPrefix(request, "POST") }) {
		t.Errorf("there were uploads: %q", p.seen())
	}
}

// The words of a registry cannot steer a terminal, nor fill it.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	p := memory(t, true)
	p.reset(func(int, *http.Request) fault {
		return func(_ *proxy, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"errors":[{"code":"DENIED","message":"\u001b[2J` + strings.Repeat("x", 5000) + `"}]}`))
			return true
		}
	})
	_, err := publish.Connect(t.Context(), p.host()+"/a", quick())
	if err == nil || !strings.Contains(err.Error(), "DENIED ?[2Jxxx") || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %v", err)
	}
}
