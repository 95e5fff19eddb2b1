package publish_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// Whoever reads can tell what is the registry's fault from what is that of the way to it.
func TestReadingErrors(t *testing.T) {
	t.Parallel()
	failures := 0
	p := before(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "1"):
			if failures++; failures == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = io.WriteString(w, "content")
		case strings.HasSuffix(r.URL.Path, "2"):
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(r.URL.Path, "3"):
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	r, err := publish.Connect(t.Context(), p.host()+"/a", publish.Options{Backoff: 1})
	if err != nil {
		t.Fatal(err)
	}
	digest := func(digit string) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: strings.Repeat(digit, 64)} }
	blob, err := r.Blob(t.Context(), digest("1"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(blob)
	if err := errors.Join(err, blob.Close()); err != nil || string(data) != "content" || failures != 2 {
		t.Errorf("got %q, %v after %d requests", data, err, failures)
	}
	if _, err := r.Blob(t.Context(), digest("2")); !errors.Is(err, publish.ErrMissing) {
		t.Errorf("got %v", err)
	}
	if _, err := r.Blob(t.Context(), digest("3")); err == nil || errors.Is(err, publish.ErrMissing) || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
	if _, _, err := r.Manifest(t.Context(), digest("2").String()); !errors.Is(err, publish.ErrMissing) {
		t.Errorf("got %v", err)
	}
	if _, _, err := r.Manifest(t.Context(), digest("1").String()); !errors.Is(err, publish.ErrOtherBytes) {
		t.Errorf("got %v", err)
	}
}
