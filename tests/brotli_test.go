package tests

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func unbrotli(packed string) (string, error) {
	text, err := io.ReadAll(brotli.NewReader(strings.NewReader(packed)))
	return string(text), err
}

// brotliWays are the levels, and settings that change in what pieces work is done.
func brotliWays() map[string]string {
	ways := map[string]string{
		"window-1k":    "brotli_window 1k;",
		"window-16k":   "brotli_window 16k;",
		"window-16m":   "brotli_window 16m;",
		"tiny-output":  "brotli_buffers 4 1k;",
		"tiny-input":   "sendfile off; output_buffers 1 512; postpone_output 0;",
		"with-gzip":    "gzip on; gzip_types *;",
		"with-threads": "aio threads;",
	}
	for level := range 12 {
		ways[fmt.Sprintf("level-%d", level)] = fmt.Sprintf("brotli_comp_level %d;", level)
	}
	return ways
}

func brotliSites() string {
	var conf strings.Builder
	for name, directives := range brotliWays() {
		conf.WriteString("server { listen 8080; server_name " + name + ".test; root /usr/share/nginx/html;\n" +
			"brotli on; brotli_types *; brotli_min_length 0;\n" + directives + `
			location /streamed/ { proxy_pass http://unix:/run/app/app.sock; proxy_http_version 1.1; proxy_buffering off; }
			location /static/ { brotli off; brotli_static on; gzip_static on; alias /usr/share/nginx/html/static/; }
			location /always/ { brotli off; brotli_static always; alias /usr/share/nginx/html/static/; }
		}`)
	}
	return conf.String()
}

func TestBrotliRoundTrips(t *testing.T) {
	t.Parallel()
	needs(t, brotliModule)
	contents := ofSizes(everyKind(), 0, 1, 2, 20, 33, 1000, 8191, 8192, 8193, 16385, 32769, 65535, 65537, 100<<10)
	contents["text/1048576"] = kinds()["text"][:1<<20]
	contents["text/5242880"] = kinds()["text"]
	app, upstream := piecewise(t)
	s := start(t, upstream, site(contents), config(map[string]string{"site.conf": brotliSites()}))
	s.staysWell(t)
	for way := range brotliWays() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			client := dialer(t, s.addr(t, "8080/tcp"), nil)
			for path, want := range contents {
				slow := way == "level-10" || way == "level-11"
				if slow && len(want) > 1<<16 || strings.HasPrefix(way, "level") && way != "level-4" && len(want) > 1<<20 {
					continue // more time than it says of the code
				}
				got := fetch(t, client, http.MethodGet, "http://"+way+".test/"+path, "Accept-Encoding", "gzip, br")
				require.Equal(t, http.StatusOK, got.status, path)
				if len(want) > 0 {
					require.Equal(t, "br", got.header.Get("Content-Encoding"), path)
					require.Equal(t, []string{"Accept-Encoding"}, got.header.Values("Vary"), path)
				}
				if got.header.Get("Content-Encoding") == "br" {
					text, err := unbrotli(got.body)
					require.NoError(t, err, path)
					got.body = text
				}
				same(t, want, got.body, path)
			}
			path := "/streamed/" + way
			body, to := kinds()["text"], app.of(path)
			header, packed := begin(t, dialer(t, s.addr(t, "8080/tcp"), nil), "http://"+way+".test"+path, "Accept-Encoding", "br")
			require.Equal(t, "br", header.Get("Content-Encoding"))
			from := brotli.NewReader(packed)
			pass(t, to, from, body[:1], body[1:20], body[20:1000], body[1000:1001], body[1001:9193], body[9193:40000])
			finish(t, to, from)
		})
	}
}

func TestBrotliIsForWhoAsks(t *testing.T) {
	t.Parallel()
	needs(t, brotliModule)
	text := kinds()["text"][:1<<16]
	s := start(t, config(map[string]string{"site.conf": brotliSites()}), site(map[string]string{
		"text": text, "static/a": "as it is", "static/a.br": "of brotli", "static/a.gz": "of gzip", "static/b": "as it is", "static/c.br": "of brotli",
	}))
	s.staysWell(t)
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for name, tt := range map[string]struct {
		site, path, accept string
		want               string // Content-Encoding
		body               string // of a file that is compressed beforehand
	}{
		"alone":                      {"level-4", "/text", "br", "br", ""},
		"among others":               {"level-4", "/text", "gzip, deflate, br, zstd", "br", ""},
		"preferred by the server":    {"with-gzip", "/text", "gzip, br", "br", ""},
		"gzip where it is all":       {"with-gzip", "/text", "gzip", "gzip", ""},
		"refused, so gzip":           {"with-gzip", "/text", "gzip, br;q=0", "gzip", ""},
		"refused":                    {"level-4", "/text", "br;q=0", "", ""},
		"refused in thousandths":     {"level-4", "/text", "br;q=0.000", "", ""},
		"little wanted":              {"level-4", "/text", "br;q=0.001", "br", ""},
		"another word":               {"level-4", "/text", "brotli, xbr, br2", "", ""},
		"nobody asked":               {"level-4", "/text", "identity", "", ""},
		"a file":                     {"level-4", "/static/a", "gzip, br", "br", "of brotli"},
		"a file of gzip":             {"level-4", "/static/a", "gzip", "gzip", "of gzip"},
		"a file as it is":            {"level-4", "/static/a", "identity", "", "as it is"},
		"a file that is not there":   {"level-4", "/static/b", "br", "", "as it is"},
		"a file, whoever asks":       {"level-4", "/always/c", "identity", "br", "of brotli"},
		"a file, refused, but there": {"level-4", "/static/a", "br;q=0", "", "as it is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				got := fetch(t, client, method, "http://"+tt.site+".test"+tt.path, "Accept-Encoding", tt.accept)
				require.Equal(t, http.StatusOK, got.status)
				require.Equal(t, tt.want, got.header.Get("Content-Encoding"))
				switch {
				case method == http.MethodHead:
					require.Empty(t, got.body)
				case tt.body != "":
					require.Equal(t, tt.body, got.body)
				case tt.want == "br":
					require.Regexp(t, `^W/"`, got.header.Get("ETag"), "a packed body is not the same bytes")
				}
			}
		})
	}
}

func TestBrotliForManyAtOnce(t *testing.T) {
	t.Parallel()
	needs(t, brotliModule)
	contents := ofSizes([]string{"text"}, 1<<18, 5<<20)
	s := start(t, site(contents), config(map[string]string{"site.conf": brotliSites()}))
	s.staysWell(t)
	var wg sync.WaitGroup
	for i := range 20 {
		client := dialer(t, s.addr(t, "8080/tcp"), nil)
		wg.Go(func() {
			url := fmt.Sprintf("http://level-%d.test/text/262144", i%7)
			got, err := try(t.Context(), client, http.MethodGet, url, nil, "Accept-Encoding", "br")
			text, bad := unbrotli(got.body)
			assert.NoError(t, errors.Join(err, bad, intact(contents["text/262144"], text, url)))
		})
	}
	for i := range 10 { // they hang up
		conn := dial(t, s.inside(t, "8080/tcp"))
		conn.say(t, "GET /text/5242880 HTTP/1.1", "Host: level-1.test", "Accept-Encoding: br")
		_, err := conn.Discard(1 + i*1000)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	wg.Wait()
}
