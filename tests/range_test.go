package tests

import (
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRanges(t *testing.T) {
	t.Parallel()
	const text = "0123456789abcdefghij"
	s := start(t, site(map[string]string{"file.txt": text}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	url := s.URL + "/file.txt"
	whole := fetch(t, client, http.MethodGet, url)
	etag, modified := whole.header.Get("ETag"), whole.header.Get("Last-Modified")
	for name, tt := range map[string]struct {
		header []string
		status int
		body   string
		part   string // Content-Range
	}{
		"first bytes":         {[]string{"Range", "bytes=0-4"}, 206, "01234", "bytes 0-4/20"},
		"one byte":            {[]string{"Range", "bytes=7-7"}, 206, "7", "bytes 7-7/20"},
		"from here on":        {[]string{"Range", "bytes=15-"}, 206, "fghij", "bytes 15-19/20"},
		"suffix":              {[]string{"Range", "bytes=-3"}, 206, "hij", "bytes 17-19/20"},
		"suffix too long":     {[]string{"Range", "bytes=-99"}, 206, text, "bytes 0-19/20"},
		"end past the file":   {[]string{"Range", "bytes=18-99"}, 206, "ij", "bytes 18-19/20"},
		"start past the file": {[]string{"Range", "bytes=20-"}, 416, "", "bytes */20"},
		"backwards":           {[]string{"Range", "bytes=5-2"}, 416, "", "bytes */20"},
		"unknown unit":        {[]string{"Range", "lines=1-2"}, 200, text, ""},
		"same by ETag":        {[]string{"Range", "bytes=0-0", "If-Range", etag}, 206, "0", "bytes 0-0/20"},
		"same by date":        {[]string{"Range", "bytes=0-0", "If-Range", modified}, 206, "0", "bytes 0-0/20"},
		"other by ETag":       {[]string{"Range", "bytes=0-0", "If-Range", `"other"`}, 200, text, ""},
		"other by date":       {[]string{"Range", "bytes=0-0", "If-Range", "Thu, 01 Jan 1970 00:00:00 GMT"}, 200, text, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, url, tt.header...)
			require.Equal(t, tt.status, got.status)
			require.Equal(t, tt.part, got.header.Get("Content-Range"))
			if tt.status != http.StatusRequestedRangeNotSatisfiable {
				require.Equal(t, tt.body, got.body)
			}
		})
	}
}

func TestSeveralRangesComeAsParts(t *testing.T) {
	t.Parallel()
	s := start(t, site(map[string]string{"file.txt": "0123456789abcdefghij"}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	got := fetch(t, client, http.MethodGet, s.URL+"/file.txt", "Range", "bytes=0-1,10-12,-1")
	require.Equal(t, http.StatusPartialContent, got.status)
	media, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/byteranges", media)
	parts := map[string]string{}
	for reader := multipart.NewReader(strings.NewReader(got.body), params["boundary"]); ; {
		part, err := reader.NextPart()
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
		require.Equal(t, "text/plain", part.Header.Get("Content-Type"))
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		parts[part.Header.Get("Content-Range")] = string(text)
	}
	want := map[string]string{"bytes 0-1/20": "01", "bytes 10-12/20": "abc", "bytes 19-19/20": "j"}
	require.True(t, maps.Equal(want, parts), "parts are %q", parts)
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	s := start(t, site(map[string]string{"file.txt": "text"}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	whole := fetch(t, client, http.MethodGet, s.URL+"/file.txt")
	etag, modified := whole.header.Get("ETag"), whole.header.Get("Last-Modified")
	require.Regexp(t, `^"[0-9a-f]+-4"$`, etag)
	at, err := http.ParseTime(modified)
	require.NoError(t, err)
	before, after := at.Add(-time.Hour).Format(http.TimeFormat), at.Add(time.Hour).Format(http.TimeFormat)
	for name, tt := range map[string]struct {
		header []string
		status int
	}{
		"none match, same":            {[]string{"If-None-Match", etag}, 304},
		"none match, weak":            {[]string{"If-None-Match", "W/" + etag}, 304},
		"none match, in a list":       {[]string{"If-None-Match", `"a", ` + etag + `, "b"`}, 304},
		"none match, any":             {[]string{"If-None-Match", "*"}, 304},
		"none match, other":           {[]string{"If-None-Match", `"other"`}, 200},
		"none match wins":             {[]string{"If-None-Match", `"other"`, "If-Modified-Since", modified}, 200},
		"match, same":                 {[]string{"If-Match", etag}, 200},
		"match, any":                  {[]string{"If-Match", "*"}, 200},
		"match, other":                {[]string{"If-Match", `"other"`}, 412},
		"modified since, same":        {[]string{"If-Modified-Since", modified}, 304},
		"modified since, before":      {[]string{"If-Modified-Since", before}, 200},
		"modified since, nonsense":    {[]string{"If-Modified-Since", "yesterday"}, 200},
		"unmodified since, same":      {[]string{"If-Unmodified-Since", modified}, 200},
		"unmodified since, after":     {[]string{"If-Unmodified-Since", after}, 200},
		"unmodified since, too early": {[]string{"If-Unmodified-Since", before}, 412},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, s.URL+"/file.txt", tt.header...)
			require.Equal(t, tt.status, got.status)
			switch tt.status {
			case http.StatusOK:
				require.Equal(t, "text", got.body)
			case http.StatusNotModified:
				require.Empty(t, got.body)
				require.Equal(t, etag, got.header.Get("ETag"))
			default:
				require.NotContains(t, got.body, "nginx")
			}
		})
	}
}
