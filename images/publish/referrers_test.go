package publish_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// send speaks with a registry directly.
func send(t testing.TB, method, url, kind, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

const indexType = "application/vnd.oci.image.index.v1+json"

// What others have put into the list of a fallback tag stays, to the letter.
func TestFallbackKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	p := memory(t, false)
	now := sampleOf(t, "new")
	base := p.URL + "/v2/a/manifests/"
	if code, said := send(t, http.MethodPut, base+"their", "application/vnd.oci.image.manifest.v1+json", `{"their":"manifest"}`); code != http.StatusCreated {
		t.Fatal(code, said)
	}
	theirs, _, err := v1.SHA256(strings.NewReader(`{"their":"manifest"}`))
	if err != nil {
		t.Fatal(err)
	}
	entry := fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":20,"digest":%q,"x-unknown":{"b":1,"a":2}}`, theirs)
	tag := strings.Replace(digest(t, now.Index).String(), ":", "-", 1)
	list := `{"schemaVersion":2,"mediaType":"` + indexType + `","x-more":[1, 2],"manifests":[` + entry + `]}`
	if code, said := send(t, http.MethodPut, base+tag, indexType, list); code != http.StatusCreated {
		t.Fatal(code, said)
	}
	for range 2 { // the second time changes nothing
		if err := push(t.Context(), p.host()+"/a", now, quick()); err != nil {
			t.Fatal(err)
		}
	}
	_, got := send(t, http.MethodGet, base+tag, "", "")
	for _, want := range []string{entry, `"x-more":[1,2]`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has left: %s", want, got)
		}
	}
	var index v1.IndexManifest
	if err := json.Unmarshal([]byte(got), &index); err != nil || len(index.Manifests) != 3 { // theirs, and two of ours
		t.Errorf("%d referrers, %v: %s", len(index.Manifests), err, got)
	}
	for i, m := range index.Manifests[1:] {
		if m.ArtifactType != artifactType || m.Annotations["text"] == "" || m.Digest != digest(t, now.Referrers[i]) {
			t.Errorf("listed as %+v", m)
		}
	}
	if n := p.uploaded("a")["/v2/a/manifests/"+tag]; n != 2 { // theirs and ours
		t.Errorf("the list was written %d times", n)
	}
	// Something else under that tag is not overwritten.
	if code, said := send(t, http.MethodPut, base+tag, "text/plain", `{"mediaType":"text/plain","manifests":[]}`); code != http.StatusCreated {
		t.Fatal(code, said)
	}
	err = push(t.Context(), p.host()+"/a", now, quick())
	if err == nil || !strings.Contains(err.Error(), `it is of type "text/plain"`) {
		t.Errorf("got %v", err)
	}
}

// Two who add to the same list at the same time are both in it at the end.
func TestFallbackRace(t *testing.T) {
	t.Parallel()
	p := memory(t, false)
	now := sampleOf(t, "new")
	tag := strings.Replace(digest(t, now.Index).String(), ":", "-", 1)
	others := 0
	p.reset(func(_ int, r *http.Request) fault {
		if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, tag) || others > 0 {
			return nil
		}
		others++
		return func(p *proxy, w http.ResponseWriter, r *http.Request) bool {
			p.forward(w, r)
			// Somebody who did not see ours overwrites it.
			put, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodPut, r.URL.Path,
				strings.NewReader(`{"schemaVersion":2,"mediaType":"`+indexType+`","manifests":[]}`))
			if err == nil {
				put.Header.Set("Content-Type", indexType)
				p.forward(discard{http.Header{}}, put)
			}
			return true
		}
	})
	err := push(t.Context(), p.host()+"/a", now, quick())
	p.reset(nil)
	if err != nil || others != 1 {
		t.Fatal(others, err)
	}
	if moved := look(t, p.host()+"/a", nil, &now); moved != len(tags) {
		t.Errorf("%d tags moved", moved)
	}
}

func TestReferrers(t *testing.T) {
	t.Parallel()
	registries(t, func(t *testing.T, p *proxy) {
		t.Helper()
		now := sampleOf(t, "new")
		if err := push(t.Context(), p.host()+"/a", now, quick()); err != nil {
			t.Fatal(err)
		}
		r, err := publish.Connect(t.Context(), p.host()+"/a", publish.Options{})
		if err != nil {
			t.Fatal(err)
		}
		raw, desc, err := r.Manifest(t.Context(), "latest")
		if err != nil || desc.Digest != digest(t, now.Index) {
			t.Fatalf("%s %s, %v", desc.Digest, raw, err)
		}
		if again, _, err := r.Manifest(t.Context(), desc.Digest.String()); err != nil || string(again) != string(raw) {
			t.Errorf("by digest: %s, %v", again, err)
		}
		// The test registry of go-containerregistry lists artifacts by the type
		// of their configuration, real ones by their own.
		kind := artifactType
		if p.all == false && p.fresh != nil {
			kind = "application/vnd.oci.empty.v1+json"
		}
		found, err := r.Referrers(t.Context(), desc.Digest, kind)
		if err != nil || len(found) != 2 {
			t.Errorf("%d referrers, %v", len(found), err)
		}
		if found, err := r.Referrers(t.Context(), desc.Digest, "application/other"); err != nil || len(found) != 0 {
			t.Errorf("%d others, %v", len(found), err)
		}
		_, _, err = r.Manifest(t.Context(), "nothing")
		if err == nil || !strings.Contains(err.Error(), "does not have it") {
			t.Errorf("got %v", err)
		}
	})
}

// Lists can come in pages, which are on the same host and not without end.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, link, want string
		pages            int
	}{
		{"two", `</v2/a/referrers/next?n=1>; rel="next"`, "", 2},
		{"elsewhere", `<https://elsewhere.example.com/v2/a>; rel="next"`, "on another host, elsewhere.example.com", 1},
		{"for ever", `</v2/a/referrers/again>; rel="next"`, "more than 100 pages", 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pages := 0
			p := before(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.URL.Path, "/referrers/") {
					return
				}
				pages++
				w.Header().Set("Content-Type", indexType)
				if !strings.Contains(r.URL.Path, "next") {
					w.Header().Set("Link", c.link)
				}
				_, _ = fmt.Fprintf(w, `{"manifests":[{"artifactType":"x","size":%d,"digest":"sha256:%064d"}]}`, pages, pages)
			}))
			r, err := publish.Connect(t.Context(), p.host()+"/a", publish.Options{})
			if err != nil {
				t.Fatal(err)
			}
			found, err := r.Referrers(t.Context(), v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}, "x")
			if c.want == "" && (err != nil || len(found) != 2) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%d referrers, %v", len(found), err)
			}
			if pages != c.pages {
				t.Errorf("%d pages were read", pages)
			}
		})
	}
}
