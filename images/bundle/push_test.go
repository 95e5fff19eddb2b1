package bundle

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// client speaks the distribution protocol with one repository.
type client struct {
	t   *testing.T
	url string
}

func (c client) do(method, path string, kind types.MediaType, body []byte, want int) []byte {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", string(kind))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		c.t.Fatalf("%s %s: %s (%v): %s", method, path, response.Status, err, data)
	}
	return data
}

// push uploads what a descriptor of a layout leads to, leaves first.
func (c client) push(from layout.Path, d v1.Descriptor, tag string) {
	c.t.Helper()
	data, err := from.Bytes(d.Digest)
	if err != nil {
		c.t.Fatal(err)
	}
	below := children(c.t, d.MediaType, data)
	for _, child := range below {
		c.push(from, child, child.Digest.String())
	}
	if d.MediaType.IsIndex() || d.MediaType.IsImage() {
		c.do(http.MethodPut, "/manifests/"+tag, d.MediaType, data, http.StatusCreated)
	} else {
		c.do(http.MethodPost, "/blobs/uploads/?digest="+d.Digest.String(), "", data, http.StatusCreated)
	}
}

// pull downloads into a layout what is in the registry.
func (c client) pull(to forge, kind types.MediaType, tag string) v1.Descriptor {
	c.t.Helper()
	place := "/blobs/"
	if kind.IsIndex() || kind.IsImage() {
		place = "/manifests/"
	}
	data := c.do(http.MethodGet, place+tag, "", nil, http.StatusOK)
	for _, child := range children(c.t, kind, data) {
		c.pull(to, child.MediaType, child.Digest.String())
	}
	return to.add(kind, data)
}

func children(t *testing.T, kind types.MediaType, data []byte) []v1.Descriptor {
	t.Helper()
	var m struct {
		Manifests []v1.Descriptor `json:"manifests"`
		Layers    []v1.Descriptor `json:"layers"`
		Config    *v1.Descriptor  `json:"config"`
	}
	if !kind.IsIndex() && !kind.IsImage() {
		return nil
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	if m.Config != nil {
		m.Layers = append(m.Layers, *m.Config)
	}
	return append(m.Manifests, m.Layers...)
}

// A bundle goes through a registry and back, and is the same after that.
func TestThroughARegistry(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	c := client{t, server.URL + "/v2/" + testName}

	dir := written(t)
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := top.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	c.push(layout.Path(dir), entries.Manifests[0], testTag)

	back := newForge(t)
	back.top(c.pull(back, types.OCIImageIndex, testTag))
	b, err := Open(back.dir)
	if err != nil {
		t.Fatal(err)
	}
	was, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range was.Items() {
		got := b.Items()[i]
		want.Path = filepath.Join(back.dir, "blobs", "sha256", want.SHA256)
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	write(t, back.dir, b.Items()...) // and takes its name again
	here, there := contents(t, dir), contents(t, back.dir)
	for path, content := range here {
		if there[path] != content {
			t.Errorf("%s differs", path)
		}
	}
	if len(here) != len(there) {
		t.Errorf("%d files, want %d", len(there), len(here))
	}
}
