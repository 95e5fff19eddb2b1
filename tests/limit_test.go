package tests

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	s := start(t, site(map[string]string{"large": randomText(t, 16<<20)}), config(map[string]string{"site.conf": `
		limit_req_zone $arg_who zone=requests:1m rate=1r/m;
		limit_conn_zone $arg_who zone=connections:1m;
		server {
			listen 8080;
			root /usr/share/nginx/html;
			location /strict { limit_req zone=requests; try_files /large =404; }
			location /burst { limit_req zone=requests burst=2 nodelay; limit_req_status 429; try_files /large =404; }
			location /single { limit_conn connections 1; try_files /large =404; }
			location /dry { limit_req zone=requests; limit_req_dry_run on; add_header X-Limit $limit_req_status; try_files /large =404; }
		}`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for name, tt := range map[string]struct {
		path   string
		status []int // of one request after the other
	}{
		"one a minute":       {"/strict?who=a", []int{200, 503, 503}},
		"another client":     {"/strict?who=b", []int{200, 503}},
		"nobody in the zone": {"/strict", []int{200, 200, 200}},
		"a burst":            {"/burst?who=c", []int{200, 200, 200, 429}},
		"only counted":       {"/dry?who=d", []int{200, 200, 200}},
		"after one another":  {"/single?who=e", []int{200, 200}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, want := range tt.status {
				require.Equal(t, want, fetch(t, client, http.MethodHead, s.URL+tt.path).status)
			}
		})
	}
	t.Run("one connection at a time", func(t *testing.T) {
		t.Parallel()
		first := readSlowly(t, s, "/single?who=f")
		client := dialer(t, s.addr(t, "8080/tcp"), nil)
		require.Equal(t, http.StatusServiceUnavailable, fetch(t, client, http.MethodHead, s.URL+"/single?who=f").status)
		require.Equal(t, http.StatusOK, fetch(t, client, http.MethodHead, s.URL+"/single?who=g").status)
		require.NoError(t, first.Close())
		eventually(t, "the next connection is let in", func() bool {
			return fetch(t, client, http.MethodHead, s.URL+"/single?who=f").status == http.StatusOK
		})
	})
}
