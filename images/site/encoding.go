package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"time"

	"github.com/andybalholm/brotli"
	pinned "github.com/klauspost/compress/gzip" // in go.sum: the output of compress/gzip differs between Go releases
)

// An Encoding is a way of compressing that nginx can serve from a file beside the
// original.
type Encoding struct {
	Name      string // of Content-Encoding
	Suffix    string // of the file's name
	Directive string // what turns it on in nginx

	encode func(io.Writer) (io.WriteCloser, error)
	decode func(io.Reader) (io.Reader, error)
}

// Encodings are all that there are.
func Encodings() []Encoding {
	return []Encoding{
		{
			Name: "br", Suffix: ".br", Directive: "brotli_static",
			encode: func(w io.Writer) (io.WriteCloser, error) {
				return brotli.NewWriterLevel(w, brotli.BestCompression), nil
			},
			decode: func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		},
		{
			Name: "gzip", Suffix: ".gz", Directive: "gzip_static",
			encode: func(w io.Writer) (io.WriteCloser, error) { return zip(w, pinned.BestCompression) },
			decode: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		},
	}
}

// zip compresses without a name and a time in the header, where the zero Time would be
// written as one.
func zip(w io.Writer, level int) (*pinned.Writer, error) {
	zw, err := pinned.NewWriterLevel(w, level)
	if err == nil {
		zw.ModTime = time.Unix(0, 0)
	}
	return zw, err
}

// BuiltIn reports whether an nginx has the module: then its program has the name of the
// directive, as C has strings.
func (e Encoding) BuiltIn(program []byte) bool {
	return bytes.Contains(program, append([]byte(e.Directive), 0))
}

// worthwhile reports whether a compressed form is kept. One that saves less than a
// tenth costs more to keep and to unpack than to send.
func worthwhile(compressed, size int64) bool { return compressed <= size-size/10 }

// pack writes the compressed form of r to a new file in dir, from its beginning. The
// caller closes and removes it.
func (e Encoding) pack(ctx context.Context, r io.Reader, dir string) (packed *os.File, size int64, err error) {
	if packed, err = os.CreateTemp(dir, "packed-*"); err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, discard(packed))
			packed = nil
		}
	}()
	w, err := e.encode(packed)
	if err != nil {
		return packed, 0, err
	}
	if _, err = io.Copy(w, reader{ctx, r}); err != nil {
		return packed, 0, err
	}
	if err = w.Close(); err != nil {
		return packed, 0, err
	}
	if size, err = packed.Seek(0, io.SeekCurrent); err != nil {
		return packed, 0, err
	}
	_, err = packed.Seek(0, io.SeekStart)
	return packed, size, err
}

func discard(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }

// holds reports whether r unpacks to exactly what has the given size and sum.
func (e Encoding) holds(ctx context.Context, r io.Reader, size int64, sum [sha256.Size]byte) bool {
	plain, err := e.decode(reader{ctx, r})
	if err != nil {
		return false
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(plain, size+1)) // a bomb ends here
	return err == nil && n == size && [sha256.Size]byte(h.Sum(nil)) == sum
}

// reader ends with its context.
type reader struct {
	ctx context.Context //nolint:containedctx // it is what ends the reading
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}
