package tests

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func pack(t *testing.T, text string) string {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.String()
}

func unpack(t *testing.T, packed string) string {
	t.Helper()
	text, err := gunzip(packed)
	require.NoError(t, err)
	return text
}

// gunzip is unpack for where a test may not end.
func gunzip(packed string) (string, error) {
	r, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

func TestTextIsCompressedForWhoAsks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("all work and no play ", 500)
	s := start(t, site(map[string]string{
		"long.txt": long, "long.js": long, "long.svg": long, "long.wasm": long, "long.json": long,
		"long.png": long, "long.woff2": long, "short.txt": "short",
	}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for name, tt := range map[string]struct {
		path   string
		accept string
		packed bool
	}{
		"text":               {"/long.txt", "gzip", true},
		"script":             {"/long.js", "gzip, deflate, br", true},
		"picture in text":    {"/long.svg", "gzip", true},
		"WebAssembly":        {"/long.wasm", "br, gzip", true},
		"JSON":               {"/long.json", "*;q=0.1, gzip;q=0.5", true},
		"nobody asked":       {"/long.txt", "identity", false},
		"refused":            {"/long.txt", "gzip;q=0", false},
		"packed picture":     {"/long.png", "gzip", false},
		"packed font":        {"/long.woff2", "gzip", false},
		"not worth the work": {"/short.txt", "gzip", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, s.URL+tt.path, "Accept-Encoding", tt.accept)
			require.Equal(t, http.StatusOK, got.status)
			if !tt.packed {
				require.Empty(t, got.header.Get("Content-Encoding"))
				require.NotEmpty(t, got.header.Get("Content-Length"))
				return
			}
			require.Equal(t, "gzip", got.header.Get("Content-Encoding"))
			require.Equal(t, "Accept-Encoding", got.header.Get("Vary"))
			require.Regexp(t, `^W/"`, got.header.Get("ETag"), "a packed body is not the same bytes")
			require.Less(t, len(got.body), len(long)/4)
			require.Equal(t, long, unpack(t, got.body))
		})
	}
}

func TestPackedFilesOnDisk(t *testing.T) {
	t.Parallel()
	s := start(t,
		site(map[string]string{"both.txt": "as it is", "both.txt.gz": pack(t, "packed"), "only.txt.gz": pack(t, "only packed")}),
		config(map[string]string{"site.conf": `
			server {
				listen 8080;
				root /usr/share/nginx/html;
				location / { gzip_static on; }
				location = /only.txt { gzip_static always; gunzip on; }
				location /proxied/ { gunzip on; proxy_pass http://127.0.0.1:8081/; proxy_set_header Accept-Encoding gzip; }
			}
			server {
				listen 127.0.0.1:8081;
				root /usr/share/nginx/html;
				gzip_static always;
			}`,
		}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for name, tt := range map[string]struct {
		path, accept string
		packed       bool
		text         string
	}{
		"both, asked":         {"/both.txt", "gzip", true, "packed"},
		"both, not asked":     {"/both.txt", "identity", false, "as it is"},
		"only packed, asked":  {"/only.txt", "gzip", true, "only packed"},
		"unpacked on the go":  {"/only.txt", "identity", false, "only packed"},
		"upstream's packed":   {"/proxied/only.txt", "gzip", true, "only packed"},
		"upstream's unpacked": {"/proxied/only.txt", "identity", false, "only packed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, s.URL+tt.path, "Accept-Encoding", tt.accept)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, tt.packed, got.header.Get("Content-Encoding") == "gzip")
			if tt.packed {
				got.body = unpack(t, got.body)
			}
			require.Equal(t, tt.text, got.body)
		})
	}
}
