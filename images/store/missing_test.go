package store_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// What is not there is told from what could not be asked for.
func TestMissing(t *testing.T) {
	t.Parallel()
	answer := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	gone, never, refused, broken := answer(http.StatusGone), answer(http.StatusNotFound), answer(http.StatusForbidden), answer(http.StatusBadGateway)
	for _, c := range []struct {
		name   string
		places []string
		want   bool
	}{
		{"not there", []string{never}, true},
		{"nowhere", []string{never, gone, "file:///nowhere"}, true},
		{"forbidden", []string{never, refused}, false},
		{"a broken server", []string{broken, never}, false},
		{"no places", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			in := store.Input{Name: "x", SHA256: strings.Repeat("a", 64), Size: 1, Places: c.places}
			quick := store.Options{Attempts: 1, Backoff: time.Millisecond}
			if err := s.Fetch(t.Context(), []store.Input{in}, quick); err == nil || store.Missing(err) != c.want {
				t.Errorf("fetching: got %v", err)
			}
			if _, err := store.Read(t.Context(), "x", c.places, 1, quick); err == nil || store.Missing(err) != c.want {
				t.Errorf("reading: got %v", err)
			}
		})
	}
	if store.Missing(nil) || store.Missing(errors.New("other")) {
		t.Error("other errors are taken for it")
	}
}
