package store_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// TestServerFails fetches from one failing server: the error is clear and nothing wrong is kept, or a
// retry makes good for it. Then the same store fetches from a good server.
func TestServerFails(t *testing.T) {
	t.Parallel()
	content := data(100_000)
	wrong := bytes.Repeat([]byte("wrong"), 20_000)
	chunked := func(b []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush() // the header leaves before the length is known
			_, _ = w.Write(b)
		}
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(wrong); err != nil {
				return
			}
		}
	}
	status := func(codes ...int) []http.HandlerFunc {
		var answers []http.HandlerFunc
		for _, code := range codes {
			answers = append(answers, says(code))
		}
		return answers
	}
	tests := []struct {
		name    string
		answers []http.HandlerFunc
		want    string   // the reason, if it fails
		ranges  []string // of each request
	}{
		{"404", status(404), "404 Not Found", []string{""}},
		{"403", status(403), "403 Forbidden", []string{""}},
		{"410", status(410), "410 Gone", []string{""}},
		{"no content", status(204), "204 No Content", []string{""}},
		{"unknown status", status(299), "299", []string{""}},
		{"500", status(500), "500 Internal Server Error (attempt 4 of 4)", []string{"", "", "", ""}},
		{"502, 503, 429, then good", append(status(502, 503, 429), sends(content)), "", []string{"", "", "", ""}},
		{"500, then 404", status(500, 404), "404 Not Found", []string{"", ""}},
		{"wrong bytes", []http.HandlerFunc{sends(wrong)}, "sent wrong bytes: the file has sha256 ", []string{""}},
		{"wrong bytes without end", []http.HandlerFunc{endless}, "sent wrong bytes: the file has sha256 ", []string{""}},
		{"too short", []http.HandlerFunc{sends(content[:99_999])}, "offers 99999 bytes, not 100000", []string{""}},
		{"too long", []http.HandlerFunc{sends(append(content, 0))}, "offers 100001 bytes, not 100000", []string{""}},
		{"longer than it says it is", []http.HandlerFunc{chunked(append(content, 0))}, "", []string{""}},
		{"empty", []http.HandlerFunc{chunked(nil)}, "ended after 0 of 100000 bytes (attempt 4 of 4)", []string{"", "", "", ""}},
		{"a page instead", []http.HandlerFunc{chunked([]byte("<p>Please log in"))}, "ended after 16 of 100000 bytes (attempt 4 of 4)", []string{"", "bytes=16-", "bytes=16-", "bytes=16-"}},
		{"truncated, then good", []http.HandlerFunc{cuts(content, 10), cuts(content, 20), sends(content)}, "", []string{"", "bytes=10-", "bytes=30-"}},
		{"truncated always", []http.HandlerFunc{cuts(content, 10)}, "stopped after 40 of 100000 bytes: unexpected EOF (attempt 4 of 4)", []string{"", "bytes=10-", "bytes=20-", "bytes=30-"}},
		{"closed without an answer", []http.HandlerFunc{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}, "EOF (attempt 4 of 4)", []string{"", "", "", ""}},
		{"redirects for ever", []http.HandlerFunc{http.RedirectHandler("/", http.StatusFound).ServeHTTP}, "stopped after 10 redirects", nil},
		{"redirects to a file", []http.HandlerFunc{http.RedirectHandler("file:///etc/passwd", http.StatusFound).ServeHTTP}, `unsupported protocol scheme "file"`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, web := t.TempDir(), serve(t, test.answers...)
			var notes bytes.Buffer
			err := open(t, dir).Fetch(t.Context(), []store.Input{input(content, web.URL)}, quick(&notes))
			if test.want != "" {
				wantError(t, err, "fetching a.tar.gz: no place has it:\n  "+web.URL+": ", test.want, "\ncheck the network", "DEBIAN_MIRROR", "SOURCE_MIRROR")
				wantNone(t, dir)
			} else if err != nil {
				t.Fatal(err)
			}
			if got := web.requests(); test.ranges != nil && !slices.Equal(got, test.ranges) {
				t.Errorf("requests for the ranges %q, want %q", got, test.ranges)
			}
			good := serve(t, sends(content))
			if err := open(t, dir).Fetch(t.Context(), []store.Input{input(content, good.URL)}, quick(&notes)); err != nil {
				t.Fatal(err)
			}
			wantOnly(t, dir, content)
		})
	}
}

// noDNS is a client that finds no host.
func noDNS() *http.Client {
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
	})}
}

func TestPlaceFails(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(sends(nil))
	t.Cleanup(secure.Close)
	tests := []struct {
		name, place string
		client      *http.Client
		want        string
	}{
		{"nobody listens", "http://127.0.0.1:1/a", nil, "connect: connection refused (attempt 4 of 4)"},
		{"no such host", "http://mirror.example/a", noDNS(), "http://mirror.example/a: lookup mirror.example: no such host\n"},
		{"unknown certificate", secure.URL, nil, secure.URL + ": tls: failed to verify certificate: x509: certificate signed by unknown authority\n"},
		{"no scheme", "mirror.example/a", nil, `scheme "" is not http, https or file`},
		{"another scheme", "ftp://mirror.example/a", nil, `scheme "ftp" is not http, https or file`},
		{"no host", "http:///a", nil, "no Host in request URL"},
		{"password", "http://me:secret@mirror.example/a", noDNS(), "http://me:xxxxx@mirror.example/a: lookup"},
		{"password in what is no URL", "http://me:secret@mirror.example:port", nil, "an address that cannot be read: invalid port"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var notes bytes.Buffer
			opt := quick(&notes)
			opt.Client = test.client
			err := open(t, dir).Fetch(t.Context(), []store.Input{input([]byte("x"), test.place)}, opt)
			wantError(t, err, "fetching a.tar.gz: no place has it:\n  ", test.want)
			if said := err.Error() + notes.String(); strings.Contains(said, "secret") {
				t.Errorf("the password is shown: %s", said)
			}
			wantNone(t, dir)
		})
	}
}

func TestPlacesInOrder(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(1000)
	gone, broken := serve(t, says(http.StatusGone)), serve(t, cuts(content, 100))
	good, unused := serve(t, sends(content)), serve(t, sends(content))
	var notes bytes.Buffer
	in := input(content, gone.URL, broken.URL, good.URL, unused.URL)
	if err := open(t, dir).Fetch(t.Context(), []store.Input{in}, quick(&notes)); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, dir, content)
	var asked []string
	for _, s := range []*server{gone, broken, good, unused} {
		asked = append(asked, fmt.Sprintf("%q", s.requests()))
	}
	want := []string{`[""]`, `["" "bytes=100-" "bytes=200-" "bytes=300-"]`, `["bytes=400-"]`, `[]`}
	if !slices.Equal(asked, want) {
		t.Errorf("requests %q, want %q", asked, want)
	}
	for _, want := range []string{
		"a.tar.gz: " + gone.URL + ": 410 Gone; trying the next place\n",
		"a.tar.gz: " + broken.URL + ": stopped after 100 of 1000 bytes: unexpected EOF; attempt 2 of 4 in 1ns\n",
	} {
		if !strings.Contains(notes.String(), want) {
			t.Errorf("notes %q do not say %q", &notes, want)
		}
	}
}

func TestEveryFailureIsNamed(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(1000)
	good, bad := serve(t, sends(content)), serve(t, says(http.StatusNotFound))
	first, second, third := input([]byte("1"), bad.URL, bad.URL), input(content, good.URL), input([]byte("3"))
	first.Name, third.Name = "first", "third"
	err := open(t, dir).Fetch(t.Context(), []store.Input{first, second, third}, store.Options{})
	want := "fetching first: no place has it:\n" +
		"  " + bad.URL + ": 404 Not Found\n" +
		"  " + bad.URL + ": 404 Not Found\n" +
		"fetching third: no place is known that has it\n" +
		"check the network, or name a mirror that has the files in DEBIAN_MIRROR or SOURCE_MIRROR"
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
	wantOnly(t, dir, content) // the one that could be had is there for the next run
}

// What this machine cannot do is not tried at another place.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(1000)
	web, next := serve(t, sends(content)), serve(t, sends(content))
	s := open(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "inputs")); err != nil {
		t.Fatal(err)
	}
	err := s.Fetch(t.Context(), []store.Input{input(content, web.URL, next.URL)}, store.Options{})
	wantError(t, err, "fetching a.tar.gz: ", "no such file or directory")
	if len(web.requests()) != 1 || len(next.requests()) != 0 {
		t.Errorf("requests %q and %q, want one at the first place only", web.requests(), next.requests())
	}
	if err := open(t, dir).Fetch(t.Context(), []store.Input{input(content)}, store.Options{Client: offline(t)}); err != nil {
		t.Fatal(err) // the partial file was complete
	}
	wantOnly(t, dir, content)
}
