package tests

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A server that people can write to, all of it in /dev/shm.
func TestUploads(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": `
		server {
			listen 8080;
			root /dev/shm/files;
			client_body_buffer_size 16k;
			client_max_body_size 8m;
			dav_methods PUT DELETE MKCOL COPY MOVE;
			create_full_put_path on;
			add_header X-Waited-In $request_body_file;
			autoindex on;
			autoindex_format json;
		}`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	small, large := "small", randomText(t, 5<<20)
	for _, tt := range []struct { // each is a step on the way of the same files
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		{"PUT", "/a", small, nil, 201, ""},
		{"GET", "/a", "", nil, 200, small},
		{"PUT", "/a", large, nil, 204, ""},
		{"GET", "/a", "", nil, 200, large},
		{"PUT", "/deep/er/b", large, nil, 201, ""},
		{"GET", "/deep/er/b", "", nil, 200, large},
		{"PUT", "/c/", small, nil, 409, ""},
		{"PUT", "/d", strings.Repeat("x", 8<<20+1), nil, 413, ""},
		{"GET", "/d", "", nil, 404, ""},
		{"PUT", "/e", small, []string{"Content-Range", "bytes 0-4/10"}, 501, ""},
		{"MKCOL", "/dir/", "", nil, 201, ""},
		{"MKCOL", "/dir/", "", nil, 405, ""},
		{"COPY", "/a", "", []string{"Destination", "http://site/dir/a"}, 204, ""},
		{"GET", "/dir/a", "", nil, 200, large},
		{"MOVE", "/dir/a", "", []string{"Destination", "http://site/dir/moved"}, 204, ""},
		{"GET", "/dir/a", "", nil, 404, ""},
		{"GET", "/dir/moved", "", nil, 200, large},
		{"COPY", "/deep/", "", []string{"Destination", "http://site/copy/"}, 201, ""},
		{"GET", "/copy/er/b", "", nil, 200, large},
		{"MOVE", "/a", "", []string{"Destination", "http://site/dir/moved", "Overwrite", "F"}, 412, ""},
		{"DELETE", "/deep/", "", nil, 204, ""},
		{"GET", "/deep/er/b", "", nil, 404, ""},
		{"DELETE", "/deep/", "", nil, 404, ""},
	} {
		step := tt.method + " " + tt.path
		headers := slices.Concat(tt.header, []string{"Host", "site"})
		got := send(t, client, tt.method, s.URL+tt.path, strings.NewReader(tt.body), headers...)
		require.Equal(t, tt.status, got.status, step)
		if tt.status == http.StatusOK {
			same(t, tt.want, got.body, step)
		}
		if tt.method == http.MethodPut && tt.body == large {
			require.Regexp(t, `^/dev/shm/nginx-client-body/\d+$`, got.header.Get("X-Waited-In"), step)
		}
	}
	got := fetch(t, client, http.MethodGet, s.URL+"/")
	require.Regexp(t, `(?s)"name":"copy", "type":"directory".*"name":"a", "type":"file".*"size":5242880 }`, got.body)
}
