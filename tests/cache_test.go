package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProxyCacheInSharedMemory(t *testing.T) {
	t.Parallel()
	large := randomText(t, 3<<20)
	s := start(t, site(map[string]string{"large": large}), config(map[string]string{"site.conf": `
		proxy_cache_path /dev/shm/cache levels=1:2 keys_zone=one:1m max_size=20m inactive=1h;
		server {
			listen 127.0.0.1:8081;
			root /usr/share/nginx/html;
			add_header X-From $request_id;
			location / { expires 1h; }
			location /unique { expires 1h; return 200 $request_id; }
			location /private { add_header Set-Cookie a=b; expires 1h; return 200 $request_id; }
			location /varied { add_header Vary X-Kind; expires 1h; return 200 "$http_x_kind $request_id"; }
		}
		server {
			listen 8080;
			add_header X-Cache $upstream_cache_status;
			location / {
				proxy_pass http://127.0.0.1:8081;
				proxy_cache one;
				proxy_cache_bypass $http_x_fresh;
				proxy_cache_lock on;
			}
			location /sliced/ {
				slice 256k;
				proxy_cache one;
				proxy_cache_key $uri$slice_range;
				proxy_set_header Range $slice_range;
				proxy_http_version 1.1;
				proxy_cache_valid 206 1h;
				proxy_pass http://127.0.0.1:8081/;
			}
		}`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	type visit struct {
		header []string
		cache  string
		same   bool // as the answer before it
	}
	fresh := []string{"X-Fresh", "1"}
	for path, visits := range map[string][]visit{
		"/unique/1": {{nil, "MISS", false}, {nil, "HIT", true}, {fresh, "BYPASS", false}, {nil, "HIT", true}},
		"/unique/2": {{fresh, "BYPASS", false}, {nil, "HIT", true}},
		"/private":  {{nil, "MISS", false}, {nil, "MISS", false}},
		"/varied": {
			{[]string{"X-Kind", "a"}, "MISS", false}, {[]string{"X-Kind", "a"}, "HIT", true},
			{[]string{"X-Kind", "b"}, "MISS", false}, {[]string{"X-Kind", "b"}, "HIT", true},
		},
	} {
		t.Run(strings.TrimPrefix(path, "/"), func(t *testing.T) {
			t.Parallel()
			before := ""
			for i, v := range visits {
				got := fetch(t, client, http.MethodGet, s.URL+path, v.header...)
				require.Equal(t, http.StatusOK, got.status)
				require.Equal(t, v.cache, got.header.Get("X-Cache"), "visit %d", i)
				require.Equal(t, v.same, got.body == before, "visit %d", i)
				before = got.body
			}
		})
	}
	t.Run("a large file", func(t *testing.T) {
		t.Parallel()
		for _, want := range []string{"MISS", "HIT", "HIT"} {
			got := fetch(t, client, http.MethodGet, s.URL+"/large")
			require.Equal(t, want, got.header.Get("X-Cache"))
			same(t, large, got.body, want+": the file")
		}
		got := fetch(t, client, http.MethodGet, s.URL+"/large", "Range", "bytes=1000000-1000009")
		require.Equal(t, http.StatusPartialContent, got.status)
		require.Equal(t, large[1000000:1000010], got.body)
	})
	t.Run("a large file in slices", func(t *testing.T) {
		t.Parallel()
		part := []string{"Range", "bytes=300000-300009"} // all of it in the second slice
		for _, tt := range []struct {
			header      []string
			cache, want string
		}{{part, "MISS", large[300000:300010]}, {part, "HIT", large[300000:300010]}, {nil, "MISS", large}, {nil, "HIT", large}} {
			got := fetch(t, client, http.MethodGet, s.URL+"/sliced/large", tt.header...)
			require.Equal(t, tt.cache, got.header.Get("X-Cache"))
			same(t, tt.want, got.body, tt.cache+": the file")
		}
	})
	t.Run("one request upstream, however many clients", func(t *testing.T) {
		t.Parallel()
		many := dialer(t, s.addr(t, "8080/tcp"), nil)
		many.Transport.(*http.Transport).MaxConnsPerHost = 0
		answers := make(chan string, 20)
		for range cap(answers) {
			go func() {
				got, err := try(t.Context(), many, http.MethodGet, s.URL+"/unique/many", nil)
				if err != nil {
					got.body = err.Error()
				}
				answers <- got.body
			}()
		}
		first := <-answers
		require.Regexp(t, `^[0-9a-f]{32}$`, first)
		for range cap(answers) - 1 {
			require.Equal(t, first, <-answers)
		}
	})
}
