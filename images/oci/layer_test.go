package oci_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func onlyLayer(t *testing.T, img v1.Image) v1.Layer {
	t.Helper()
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers (%v), want 1", len(layers), err)
	}
	return layers[0]
}

func TestLayerHoldsTheTree(t *testing.T) {
	t.Parallel()
	c := config()
	layer := onlyLayer(t, image(t, sample(), c))
	stream, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		typ      byte
		mode     int64
		uid, gid int
		link     string
	}
	want := map[string]entry{
		"usr/":           {tar.TypeDir, 0o755, 0, 0, ""},
		"usr/sbin/nginx": {tar.TypeReg, 0o755, 0, 0, ""},
		"usr/bin/nginx":  {tar.TypeSymlink, 0o777, 0, 0, "../sbin/nginx"},
		"var/tmp/":       {tar.TypeDir, 0o1777, 0, 0, ""},
		"odd/Ω":          {tar.TypeReg, 0o6755, 65532, 2_000_000_000, ""},
	}
	last, entries := "", 0
	for r := tar.NewReader(stream); ; entries++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if name := strings.TrimSuffix(h.Name, "/"); name <= last {
			t.Errorf("%q comes after %q", h.Name, last)
		} else {
			last = name
		}
		if !h.ModTime.Equal(c.Created) || !h.AccessTime.IsZero() || !h.ChangeTime.IsZero() || h.Uname != "" || h.Gname != "" {
			t.Errorf("%q has times %v %v %v, owner %q:%q", h.Name, h.ModTime, h.AccessTime, h.ChangeTime, h.Uname, h.Gname)
		}
		w, ok := want[h.Name]
		if !ok {
			continue
		}
		delete(want, h.Name)
		if got := (entry{h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname}); got != w {
			t.Errorf("%q is %+v, want %+v", h.Name, got, w)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if entries < 70 { // 7 files and the 63 parents of the long name among others
		t.Errorf("only %d entries: parent directories are missing", entries)
	}
}

// The bytes of the gzip header: no name, no time, no system.
func TestGzipHeaderIsFixed(t *testing.T) {
	t.Parallel()
	compressed, err := onlyLayer(t, image(t, sample(), config())).Compressed()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(compressed)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(data[:10]), "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"; got != want {
		t.Errorf("header %x, want %x", got, want)
	}
	r, err := gzip.NewReader(strings.NewReader(string(data))) // another implementation must agree
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Error(err)
	}
}

func TestEmptyTreeIsAnImage(t *testing.T) {
	t.Parallel()
	stream, err := onlyLayer(t, image(t, nil, config())).Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	if h, err := tar.NewReader(stream).Next(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v (%v), want an empty archive", h, err)
	}
}
