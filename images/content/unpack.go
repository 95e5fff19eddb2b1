package content

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"
)

// unpacker puts layers on top of each other, in memory.
type unpacker struct {
	files    map[string]File
	limits   Limits
	entries  int
	removals int
	unpacked int64
	kept     int64
}

// layer reads one layer. Archive and packed form are read to their ends, so that
// nothing hides behind them, and are held against both digests.
func (u *unpacker) layer(ctx context.Context, from Source, desc v1.Descriptor, diffID v1.Hash) (err error) {
	blob, err := from.Blob(ctx, desc.Digest)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blob.Close()) }()
	packed := &hashing{r: io.LimitReader(blob, desc.Size+1), hash: sha256.New()}
	plain, end, err := unpacked(string(desc.MediaType), packed)
	if err != nil {
		return packed.or(err)
	}
	defer end()
	archive := &hashing{r: plain, hash: sha256.New(), left: &u.unpacked, most: u.limits.Unpacked}
	err = u.archive(archive)
	if err == nil {
		_, err = io.Copy(io.Discard, archive)
	}
	if err != nil {
		return packed.or(err)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return err
	}
	if packed.sum() != desc.Digest.Hex || packed.n != desc.Size {
		return damaged("it has other bytes")
	}
	if archive.sum() != diffID.Hex {
		return damaged("unpacked, it is not the %s of the configuration", diffID)
	}
	return nil
}

// unpacked is the archive in a layer.
func unpacked(kind string, packed io.Reader) (plain io.Reader, end func(), err error) {
	switch {
	case strings.HasSuffix(kind, "tar+gzip"), strings.HasSuffix(kind, "tar.gzip"):
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { _ = z.Close() }, nil // all that it could say has been read
	case strings.HasSuffix(kind, "tar+zstd"):
		z, err := zstd.NewReader(packed, zstd.WithDecoderMaxMemory(128<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case strings.HasSuffix(kind, ".tar"):
		return packed, func() {}, nil
	}
	return nil, nil, fmt.Errorf("its type is %q, which is none of a layer", kind)
}

// archive puts the entries of one archive into u.files. What a layer removes is of
// those below it alone, wherever in the layer it says so.
func (u *unpacker) archive(r io.Reader) error {
	own := map[string]bool{}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if u.entries++; u.entries > u.limits.Files {
			return fmt.Errorf("it has more than %d files", u.limits.Files)
		}
		if err := u.entry(h, archive, own); err != nil {
			return fmt.Errorf("%q: %w", printable(h.Name), err)
		}
	}
}

// hashing hashes what is read through it, and stops where there is too much.
type hashing struct {
	r    io.Reader
	hash hash.Hash
	n    int64
	err  error
	left *int64 // what several have read together, if there is a limit to it
	most int64
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.hash.Write(p[:n])
	h.n += int64(n)
	if h.left != nil {
		if *h.left += int64(n); *h.left > h.most {
			return n, fmt.Errorf("unpacked, it has more than %d bytes", h.most)
		}
	}
	h.err = err
	return n, err
}

// or is why reading failed, if it did: then what was made of it says nothing of the
// image.
func (h *hashing) or(err error) error {
	if h.err != nil && !errors.Is(h.err, io.EOF) {
		return h.err
	}
	return damaged("%w", err)
}

func (h *hashing) sum() string { return hex.EncodeToString(h.hash.Sum(nil)) }
