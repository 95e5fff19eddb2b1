package oci_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// The contents of large files, and what is between them, are compressed apart from each
// other by whom the configuration names.
func TestLargeFilesAreSegments(t *testing.T) {
	t.Parallel()
	const large = 64 << 10
	files := []tree.File{
		{Path: "a", Mode: 0o644, Data: program()[:large-1]},
		{Path: "b", Mode: 0o644, Data: program()[:large]},
		{Path: "c", Mode: 0o644, Data: bytes.Repeat([]byte("c"), 3*large+1)},
		{Path: "d", Mode: 0o644, Data: []byte("small")},
		{Path: "e", Mode: 0o644, Data: program()},
	}
	want := bytesOf(t, onlyLayer(t, image(t, files, config())).Compressed)

	var mutex sync.Mutex
	var asked [][]byte
	c := config()
	c.Deflate = func(dst, content []byte) []byte {
		mutex.Lock()
		defer mutex.Unlock()
		asked = append(asked, content)
		return deflate.Append(dst, content)
	}
	got := bytesOf(t, onlyLayer(t, image(t, files, c)).Compressed)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want the %d that there are without it", len(got), len(want))
	}
	for _, f := range []tree.File{files[1], files[2], files[4]} {
		if !slices.ContainsFunc(asked, func(segment []byte) bool { return bytes.Equal(segment, f.Data) }) {
			t.Errorf("%s is no segment", f.Path)
		}
	}
	if len(asked) != 7 {
		t.Errorf("%d segments, want those and the 4 between them", len(asked))
	}

	// It is one member, with nothing after it.
	from := bytes.NewReader(got)
	zr, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	zr.Multistream(false)
	if _, err := io.Copy(io.Discard, zr); err != nil || from.Len() > 0 {
		t.Errorf("%v, and %d bytes are left", err, from.Len())
	}
}

func bytesOf(t *testing.T, open func() (io.ReadCloser, error)) []byte {
	t.Helper()
	r, err := open()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
