package oci

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// whiteout begins the names that delete a file of a lower layer.
const whiteout = ".wh."

// newLayer gives a layer with t, compressed once and kept in memory, and the digest of the
// tar stream in it.
func newLayer(t *tree.Tree, c Config) (v1.Layer, v1.Hash, error) {
	var s segments
	if err := writeTar(&s, t, c.Created); err != nil {
		return nil, v1.Hash{}, err
	}
	sum := sha256.New()
	for _, part := range s {
		sum.Write(part)
	}
	compress := c.Deflate
	if compress == nil {
		compress = deflate.Append
	}
	diffID := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
	return layer{static.NewLayer(s.gzip(compress), types.OCILayer), diffID}, diffID, nil
}

// writeTar writes t in its order. Owners have no names and nothing has a time
// but modTime. PAX headers are the same bytes as USTAR ones wherever a file
// fits those, which is nearly always.
func writeTar(s *segments, t *tree.Tree, modTime time.Time) error {
	tw := tar.NewWriter(s)
	for f := range t.All() {
		if strings.HasPrefix(path.Base(f.Path), whiteout) {
			return fmt.Errorf("%q (%s from %q): a name with %q means a deleted file in a layer: rename it",
				f.Path, f.Origin.Component, f.Origin.Path, whiteout)
		}
		if err := tw.WriteHeader(header(f, modTime)); err != nil {
			return fmt.Errorf("writing the header of %q: %w", f.Path, err)
		}
		if err := s.content(tw, f.Data); err != nil {
			return fmt.Errorf("writing %q: %w", f.Path, err)
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("writing the end of the layer: %w", err)
	}
	return nil
}

func header(f tree.File, modTime time.Time) *tar.Header {
	h := &tar.Header{
		Format:   tar.FormatPAX,
		Typeflag: tar.TypeReg,
		Name:     f.Path,
		Linkname: f.Link,
		Size:     int64(len(f.Data)),
		Mode:     int64(f.Mode.Perm()),
		Uid:      f.UID,
		Gid:      f.GID,
		ModTime:  modTime,
	}
	switch f.Mode.Type() {
	case fs.ModeDir:
		h.Typeflag = tar.TypeDir
		h.Name += "/"
	case fs.ModeSymlink:
		h.Typeflag = tar.TypeSymlink
	}
	for bit, value := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if f.Mode&bit != 0 {
			h.Mode |= value
		}
	}
	return h
}

// layer is a layer of bytes that are compressed already.
type layer struct {
	v1.Layer
	diffID v1.Hash
}

// DiffID is the digest of the tar stream.
func (l layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Uncompressed is the tar stream.
func (l layer) Uncompressed() (io.ReadCloser, error) {
	compressed, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	return gzip.NewReader(compressed)
}
