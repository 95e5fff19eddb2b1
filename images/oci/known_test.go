package oci_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// What is known is taken if it is the archive, and only then: else the image is the same
// as if nothing were known.
func TestKnownLayers(t *testing.T) {
	t.Parallel()
	fresh := image(t, sample(), config())
	layer := onlyLayer(t, fresh)
	packed := bytesOf(t, layer.Compressed)
	other := bytesOf(t, onlyLayer(t, image(t, sample()[:3], config())).Compressed)
	wantID, err := layer.DiffID()
	if err != nil {
		t.Fatal(err)
	}
	var fast bytes.Buffer
	zw, err := gzip.NewWriterLevel(&fast, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zw.Write(bytesOf(t, layer.Uncompressed)); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		known []byte
		taken bool
	}{
		"the layer":         {packed, true},
		"another packer's":  {fast.Bytes(), true}, // whom its caller trusts
		"another archive":   {other, false},
		"something after":   {append(bytes.Clone(packed), 0), false},
		"another after":     {append(bytes.Clone(packed), packed...), false},
		"truncated":         {packed[:len(packed)-1], false},
		"no archive at all": {[]byte("hello"), false},
		"nothing":           {nil, false},
	} {
		c := config()
		asked := 0
		c.Known = func(diffID v1.Hash) ([]byte, bool) {
			if asked++; diffID != wantID {
				t.Errorf("%s: asked for %v, want %v", name, diffID, wantID)
			}
			return test.known, true
		}
		img := image(t, sample(), c)
		want := packed
		if test.taken {
			want = test.known
		}
		if got := bytesOf(t, onlyLayer(t, img).Compressed); !bytes.Equal(got, want) || asked != 1 {
			t.Errorf("%s: the layer is another one, after %d questions", name, asked)
		}
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
