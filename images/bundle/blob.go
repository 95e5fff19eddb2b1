package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A blob is an item as a layer, which is read from its file when it is needed.
type blob struct{ item Item }

func (b blob) digest() v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: b.item.SHA256} }

func (b blob) mediaType() types.MediaType {
	if path.Ext(b.item.Name) == ".apk" {
		return packageType
	}
	return otherType
}

// Digest is what the item's bytes must have.
func (b blob) Digest() (v1.Hash, error) { return b.digest(), nil }

// DiffID is the digest too: the bytes are those of a file, compressed or not.
func (b blob) DiffID() (v1.Hash, error) { return b.digest(), nil }

// Size is that of the file.
func (b blob) Size() (int64, error) { return b.item.Size, nil }

// MediaType says what kind of file it is.
func (b blob) MediaType() (types.MediaType, error) { return b.mediaType(), nil }

// Compressed reads the file. Whoever reads to its end learns whether it is the
// right one.
func (b blob) Compressed() (io.ReadCloser, error) {
	info, err := os.Lstat(b.item.Path)
	if err != nil {
		return nil, fmt.Errorf("item %q: %w", b.item.Name, err)
	}
	if err := suitable(info, b.item.Size); err != nil {
		return nil, fmt.Errorf("item %q: %s %w", b.item.Name, b.item.Path, err)
	}
	f, err := os.Open(b.item.Path)
	if err != nil {
		return nil, fmt.Errorf("item %q: %w", b.item.Name, err)
	}
	return &verifier{f, fmt.Sprintf("item %q: %s", b.item.Name, b.item.Path), b.item.SHA256, sha256.New()}, nil
}

// suitable refuses what need not be opened to know that it is wrong, or would
// block, as a pipe does.
func suitable(info fs.FileInfo, size int64) error {
	if !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	if info.Size() != size {
		return fmt.Errorf("has %d bytes, not %d", info.Size(), size)
	}
	return nil
}

// A verifier reads a file and fails at its end if that has another sha256.
type verifier struct {
	io.ReadCloser

	label string // what to call the file
	want  string // 64 hexadecimal digits
	sum   hash.Hash
}

// Read reads and hashes.
func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	_, _ = v.sum.Write(p[:n]) // a hash never fails
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(v.sum.Sum(nil)); got != v.want {
			return n, fmt.Errorf("%s has sha256 %s, not %s", v.label, got, v.want)
		}
	}
	return n, err
}
