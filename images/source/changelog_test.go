package source_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

// The changelog is found in both formats of Debian's, for it has the date.
func TestChangelog(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, "--- pcre2-10.46.orig/debian/changelog\n+++ pcre2-10.46/debian/changelog\n@@ -0,0 +1,2 @@\n+pcre2 (10.46-1)\n+news\n"+
		"--- pcre2-10.46.orig/a\n+++ pcre2-10.46/a\n@@ -1 +1 @@\n-old\n+new\n")
	_ = w.Close()
	path := filepath.Join(t.TempDir(), "diff.gz")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	series, err := source.ReadSeries(t.Context(), path, limits)
	if err != nil || series.Changelog != "pcre2 (10.46-1)\nnews\n" || len(series.Patches) != 1 {
		t.Errorf("got %+v, %v", series, err)
	}
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	_ = w.Close()
	path := filepath.Join(t.TempDir(), "x.gz")
	for _, c := range []struct {
		data  []byte
		limit int64
		want  string
	}{
		{packed.Bytes(), 1000, ""},
		{packed.Bytes(), 999, "more than the 999 bytes"},
		{packed.Bytes()[:packed.Len()-1], 1000, "unexpected EOF"},
		{[]byte("plain text"), 1000, "only gzip and xz"},
	} {
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		err := source.Decompress(path, source.Limits{Bytes: c.limit}, func(r io.Reader) error {
			n, err := io.Copy(io.Discard, r)
			if err == nil && n != 1000 {
				t.Errorf("got %d bytes", n)
			}
			return err
		})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
