package site

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip" // as in images/oci

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// compression of the layer. Most of a site is compressed already, or beside it: higher
// levels take three times as long for less than a hundredth.
const compression = 6

// Options of a layer.
type Options struct {
	Folders []*Folder
	Lower   *tree.Tree // what the image has
	// Encodings to make compressed forms in, of served files that are Compressible
	// and have MinLength bytes or more.
	Encodings    []Encoding
	Compressible func(name string) bool
	MinLength    int64
	// ModTime is that of all entries; files are up to twelve days older, by their
	// content: nginx makes ETag and Last-Modified of size and time, so a change that
	// keeps both would never reach who has the old file in a cache.
	ModTime  time.Time
	Temp     string          // folder for the layer and what is being compressed
	Progress func(add int64) // bytes of files that were read; may be nil
}

// A Layer is a layer in a file, and what went into it.
type Layer struct {
	v1.Layer

	Files int             // regular files of the folders
	Forms map[string]Form // by the name of the encoding
	Notes []string        // what is odd, a line each
}

// A Form is what compressing in one encoding has come to.
type Form struct {
	Files int
	Saved int64 // bytes
}

// spread is how far the times of files are apart, in seconds.
const spread = 1 << 20

// modTime is the time of a file with the given sum.
func (o Options) modTime(sum [sha256.Size]byte) time.Time {
	latest := o.ModTime.Unix()
	age := int64(binary.BigEndian.Uint32(sum[:])) % min(spread, latest+1)
	return time.Unix(latest-age, 0)
}

// Work is how many bytes Progress will have been told in the end.
func (o Options) Work() int64 {
	var sum int64
	for _, it := range o.plan() {
		sum += it.file.size
	}
	return sum
}

// Layer makes the layer, as a file in Temp, which is the caller's to remove. The same folders, options and image give
// the same bytes, whatever the modes, owners and times of the files.
func (o Options) Layer(ctx context.Context) (made Layer, err error) {
	if o.ModTime.Unix() < 0 {
		return Layer{}, fmt.Errorf("making a layer: its time cannot be %v, before 1970", o.ModTime)
	}
	out, err := os.CreateTemp(o.Temp, "layer-*.tar.gz")
	if err != nil {
		return Layer{}, fmt.Errorf("making a layer: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	compressed, plain := sha256.New(), sha256.New()
	counted := &counter{w: io.MultiWriter(out, compressed)}
	zw, err := zip(counted, compression)
	if err != nil {
		return Layer{}, fmt.Errorf("making a layer: %w", err)
	}
	w := &writer{
		Options: o, tar: tar.NewWriter(io.MultiWriter(zw, plain)), roots: map[*Folder]*os.Root{},
		sums: map[string][sha256.Size]byte{}, made: &made,
	}
	made.Forms = map[string]Form{}
	err = errors.Join(w.all(ctx), w.close())
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		return Layer{}, fmt.Errorf("making a layer: %w", err)
	}
	made.Layer = layer{path: out.Name(), digest: sumOf(compressed), diffID: sumOf(plain), size: counted.n}
	return made, nil
}

func sumOf(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// layer is a compressed tar stream in a file.
type layer struct {
	path           string
	digest, diffID v1.Hash
	size           int64
}

func (l layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l layer) Size() (int64, error)                { return l.size, nil }
func (l layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (l layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.path) }

// Uncompressed is the tar stream.
func (l layer) Uncompressed() (io.ReadCloser, error) {
	f, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	zr, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return unzipped{zr, f}, nil
}

type unzipped struct {
	io.Reader
	file io.Closer
}

func (u unzipped) Close() error { return u.file.Close() }
