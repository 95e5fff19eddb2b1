package store_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// answersRange is a 206 with that Content-Range and body.
func answersRange(header string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", header)
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(body)
	}
}

// TestResume fetches with something in the partial file already.
func TestResume(t *testing.T) {
	t.Parallel()
	content := data(1000)
	garbage := bytes.Repeat([]byte{0xff}, 2000)
	ignoresRange := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }
	tests := []struct {
		name    string
		partial []byte
		answers []http.HandlerFunc
		ranges  []string // of each request
		want    string   // the reason, if it fails
	}{
		{"a prefix", content[:400], []http.HandlerFunc{sends(content)}, []string{"bytes=400-"}, ""},
		{"nothing", nil, []http.HandlerFunc{sends(content)}, []string{""}, ""},
		{"all but one byte", content[:999], []http.HandlerFunc{sends(content)}, []string{"bytes=999-"}, ""},
		{"everything", content, []http.HandlerFunc{sends(content)}, nil, ""},
		{"garbage", garbage[:400], []http.HandlerFunc{sends(content)}, []string{"bytes=400-", ""}, ""},
		{"garbage of the right size", garbage[:1000], []http.HandlerFunc{sends(content)}, []string{""}, ""},
		{"too much garbage", garbage, []http.HandlerFunc{sends(content)}, []string{""}, ""},
		{"the server ignores the range", garbage[:400], []http.HandlerFunc{ignoresRange}, []string{"bytes=400-"}, ""},
		{"the server has no such range", content[:400], []http.HandlerFunc{says(416), sends(content)}, []string{"bytes=400-", ""}, ""},
		{"the server never has any range", content[:400], []http.HandlerFunc{says(416)}, []string{"bytes=400-", ""}, "416 Requested Range Not Satisfiable"},
		{"without a limit", content[:400], []http.HandlerFunc{answersRange("bytes 400-999/*", content[400:])}, []string{"bytes=400-"}, ""},
		{"piece by piece", content[:400], []http.HandlerFunc{answersRange("bytes 400-499/1000", content[400:500]), sends(content)}, []string{"bytes=400-", "bytes=500-"}, ""},
		{"another range", content[:400], []http.HandlerFunc{answersRange("bytes 0-999/1000", content), sends(content)}, []string{"bytes=400-", ""}, ""},
		{"of another size", content[:400], []http.HandlerFunc{answersRange("bytes 400-1000/1001", content[400:]), sends(content)}, []string{"bytes=400-", ""}, ""},
		{"not a range", content[:400], []http.HandlerFunc{answersRange("bytes half", content), sends(content)}, []string{"bytes=400-", ""}, ""},
		{"always another range", content[:400], []http.HandlerFunc{answersRange("bytes 1-999/1000", content[1:])}, []string{"bytes=400-", ""}, `asked for bytes from 0 of 1000, answered "bytes 1-999/1000"`},
		{"wrong bytes, again wrong", content[:400], []http.HandlerFunc{sends(garbage[:1000])}, []string{"bytes=400-", ""}, "sent wrong bytes"},
		{"wrong bytes, cut, again wrong", content[:400], []http.HandlerFunc{sends(garbage[:1000]), cuts(garbage[:1000], 10), sends(garbage[:1000])}, []string{"bytes=400-", "", "bytes=10-"}, "sent wrong bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, web := t.TempDir(), serve(t, test.answers...)
			s, in := open(t, dir), input(content, web.URL)
			if err := os.WriteFile(filepath.Join(dir, "partial", in.SHA256), test.partial, 0o600); err != nil {
				t.Fatal(err)
			}
			var notes bytes.Buffer
			err := s.Fetch(t.Context(), []store.Input{in}, quick(&notes))
			if got := web.requests(); !slices.Equal(got, test.ranges) {
				t.Errorf("requests for the ranges %q, want %q", got, test.ranges)
			}
			if test.want != "" {
				wantError(t, err, test.want)
				if found := files(t, dir); len(found) > 0 {
					t.Errorf("the store keeps %q", found)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantOnly(t, dir, content)
		})
	}
}

func TestPartialIsNoFile(t *testing.T) {
	t.Parallel()
	content := data(1000)
	for i, put := range []func(path string) error{
		func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) },
		func(path string) error { return os.Symlink(os.DevNull, path) },
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			dir, web := t.TempDir(), serve(t, sends(content))
			s, in := open(t, dir), input(content, web.URL)
			if err := put(filepath.Join(dir, "partial", in.SHA256)); err != nil {
				t.Fatal(err)
			}
			if err := s.Fetch(t.Context(), []store.Input{in}, store.Options{}); err != nil {
				t.Fatal(err)
			}
			wantOnly(t, dir, content)
		})
	}
}
