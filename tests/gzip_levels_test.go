package tests

import (
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gzipWays are settings under which a compressor does its work in other pieces.
var gzipWays = map[string]string{
	"level-1":                "gzip_comp_level 1;",
	"level-2":                "gzip_comp_level 2;",
	"level-6":                "gzip_comp_level 6;",
	"level-9":                "gzip_comp_level 9;",
	"tiny-output":            "gzip_comp_level 1; gzip_buffers 4 1k;",
	"tiny-input":             "gzip_comp_level 1; sendfile off; output_buffers 1 512;",
	"tiny-both":              "gzip_comp_level 1; gzip_buffers 2 512; sendfile off; output_buffers 2 1k; postpone_output 0;",
	"tiny-window":            "gzip_comp_level 1; gzip_window 1k; gzip_hash 1k;",
	"no-waiting":             "gzip_comp_level 1; postpone_output 0;",
	"tiny-output-of-zlib":    "gzip_comp_level 6; gzip_buffers 4 1k;",
	"threads":                "gzip_comp_level 1; aio threads;",
	"read-without-the-cache": "gzip_comp_level 1; directio 4k; output_buffers 1 8k;",
}

// gzipSites has a server for each way, and one that shows the files as they are.
func gzipSites() string {
	var conf strings.Builder
	for name, directives := range gzipWays {
		conf.WriteString("server { listen 8080; server_name " + name + ".test; root /usr/share/nginx/html;\n" +
			"gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any; gzip_http_version 1.0;\n" + directives + `
			location /streamed/ { proxy_pass http://unix:/run/app/app.sock; proxy_http_version 1.1; proxy_buffering off; }
			location /buffered/ { proxy_pass http://unix:/run/app/app.sock; proxy_http_version 1.1; }
			location /ssi/ { ssi on; ssi_types *; alias /usr/share/nginx/html/; }
		}`)
	}
	return conf.String()
}

func TestGzipRoundTrips(t *testing.T) {
	t.Parallel()
	contents := ofSizes(everyKind(), edges...)
	maps.Copy(contents, ofSizes(everyKind(), 5<<20))
	app, upstream := piecewise(t)
	s := start(t, upstream, site(contents), config(map[string]string{"site.conf": gzipSites()}))
	s.staysWell(t)
	for way := range gzipWays {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			client := dialer(t, s.addr(t, "8080/tcp"), nil)
			for path, want := range contents {
				if len(want) >= 1<<20 && !strings.HasPrefix(path, "text/1048") && !slices.Contains([]string{"level-1", "tiny-output", "tiny-both"}, way) {
					continue // more time than it says of the code
				}
				got := fetch(t, client, http.MethodGet, "http://"+way+".test/"+path, "Accept-Encoding", "gzip")
				require.Equal(t, http.StatusOK, got.status, path)
				require.Equal(t, "gzip", got.header.Get("Content-Encoding"), path)
				same(t, want, unpack(t, got.body), path)
			}
		})
		t.Run(way+", in pieces", func(t *testing.T) {
			t.Parallel()
			for _, kind := range everyKind() {
				path := "/streamed/" + way + "/" + kind
				header, packed := begin(t, dialer(t, s.addr(t, "8080/tcp"), nil), "http://"+way+".test"+path, "Accept-Encoding", "gzip")
				require.Equal(t, "gzip", header.Get("Content-Encoding"))
				body := kinds()[kind]
				to := app.of(path)
				// The head of a stream comes with its first piece.
				select {
				case to <- body[:1]:
				case <-t.Context().Done():
				}
				from, err := gzip.NewReader(packed)
				require.NoError(t, err)
				first := make([]byte, 1)
				_, err = io.ReadFull(from, first)
				require.NoError(t, err)
				require.Equal(t, body[:1], string(first))
				pass(t, to, from, body[1:2], body[2:30], body[30:1000], body[1000:1001], body[1001:9193],
					body[9193:30000], body[30000:100000], body[100000:300000], body[300000:300001])
				finish(t, to, from)
			}
		})
	}
}

func TestGzipRequests(t *testing.T) {
	t.Parallel()
	contents := ofSizes([]string{"text"}, 1, 8192, 100<<10, 5<<20)
	contents["page"] = `<!--#include virtual="/text/8192" -->` + "and" + `<!--#include virtual="/text/102400" -->`
	app, upstream := piecewise(t)
	s := start(t, upstream, site(contents), config(map[string]string{"site.conf": gzipSites()}))
	s.staysWell(t)
	const url = "http://level-1.test"
	zipped := []string{"Accept-Encoding", "gzip"}
	t.Run("HEAD has the header alone", func(t *testing.T) {
		t.Parallel()
		client := dialer(t, s.addr(t, "8080/tcp"), nil)
		for range 5 {
			got := fetch(t, client, http.MethodHead, url+"/text/102400", zipped...)
			require.Equal(t, "gzip", got.header.Get("Content-Encoding"))
			require.Empty(t, got.body)
		}
	})
	t.Run("HTTP/1.0 ends with the connection", func(t *testing.T) {
		t.Parallel()
		for path, want := range contents {
			conn := dial(t, s.addr(t, "8080/tcp"))
			conn.say(t, "GET /"+path+" HTTP/1.0", "Host: level-1.test", "Accept-Encoding: gzip")
			same(t, want, unpack(t, conn.hear(t, http.MethodGet).body), path)
		}
	})
	t.Run("put together of several", func(t *testing.T) {
		t.Parallel()
		got := fetch(t, dialer(t, s.addr(t, "8080/tcp"), nil), http.MethodGet, url+"/ssi/page", zipped...)
		same(t, contents["text/8192"]+"and"+contents["text/102400"], unpack(t, got.body), "the page")
	})
	t.Run("buffered of an application", func(t *testing.T) {
		t.Parallel()
		to, text := app.of("/buffered/"), kinds()["text"]
		go func() {
			defer close(to)
			for at := 0; at < 1<<20; at += 1 << 16 {
				select {
				case to <- text[at : at+1<<16]:
				case <-t.Context().Done():
				}
			}
		}()
		_, body := begin(t, dialer(t, s.addr(t, "8080/tcp"), nil), url+"/buffered/", zipped...)
		packed, err := io.ReadAll(body)
		require.NoError(t, err)
		same(t, text[:1<<20], unpack(t, string(packed)), "the answer")
	})
	t.Run("several at once, and others hang up", func(t *testing.T) {
		t.Parallel()
		var wg sync.WaitGroup
		addr := s.addr(t, "8080/tcp")
		for i := range 20 {
			client := dialer(t, addr, nil)
			way := slices.Sorted(maps.Keys(gzipWays))[i%len(gzipWays)]
			wg.Go(func() {
				got, err := try(t.Context(), client, http.MethodGet, "http://"+way+".test/text/102400", nil, zipped...)
				text, bad := gunzip(got.body)
				assert.NoError(t, errors.Join(err, bad, intact(contents["text/102400"], text, way)))
			})
		}
		for i := range 10 {
			conn := dial(t, s.inside(t, "8080/tcp"))
			conn.say(t, "GET /text/5242880 HTTP/1.1", "Host: tiny-output.test", "Accept-Encoding: gzip")
			_, err := conn.Discard(1 + i*1000)
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		}
		wg.Wait()
	})
}

// What takes less time must not take more room. zlib 1.3.1 makes packed bytes of the
// text at level 1.
func TestGzipIsAsSmallAsThatOfZlib(t *testing.T) {
	t.Parallel()
	zlib := map[int]int{8192: 4042, 100 << 10: 42134, 1 << 20: 421925}
	contents := ofSizes([]string{"text"}, slices.Collect(maps.Keys(zlib))...)
	_, upstream := piecewise(t)
	s := start(t, upstream, site(contents), config(map[string]string{"site.conf": gzipSites()}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for path, want := range contents {
		got := fetch(t, client, http.MethodGet, "http://level-1.test/"+path, "Accept-Encoding", "gzip")
		packed := zlib[len(want)]

		assert.LessOrEqualf(t, len(got.body), packed+packed/50, "%s", path)
	}
}
