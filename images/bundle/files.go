package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxJSON is how many bytes an index or a manifest may have: registries take no
// more than these 4 MiB.
const maxJSON = 4 << 20

// files reads what is in a layout, and nothing outside of it.
type files struct {
	root     *os.Root
	verified map[v1.Hash]int64 // sizes of blobs that need not be read again
}

// file decodes a file at the top.
func (f *files) file(name string, into any) (err error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxJSON {
		return fmt.Errorf("%s is not a regular file of up to %d bytes", name, maxJSON)
	}
	data, err := f.root.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decoding %s: %w", name, err)
	}
	return nil
}

// blob verifies and decodes one.
func (f *files) blob(desc v1.Descriptor, into any) error {
	if desc.Size > maxJSON {
		return fmt.Errorf("it has %d bytes, more than %d", desc.Size, maxJSON)
	}
	var data bytes.Buffer
	delete(f.verified, desc.Digest) // so that it is read
	if err := f.copy(&data, desc); err != nil {
		return err
	}
	if err := json.Unmarshal(data.Bytes(), into); err != nil {
		return fmt.Errorf("decoding blob %s: %w", desc.Digest.Hex, err)
	}
	return nil
}

// copy verifies a blob and writes it to w, or only compares the size of one that
// was verified before.
func (f *files) copy(w io.Writer, desc v1.Descriptor) (err error) {
	if size, ok := f.verified[desc.Digest]; ok && size == desc.Size {
		return nil
	}
	if desc.Digest == (v1.Hash{}) {
		return errors.New("it has no sha256 digest")
	}
	name := blobPath(desc.Digest)
	info, err := f.root.Lstat(name)
	if err != nil {
		return err
	}
	label := "blob " + desc.Digest.Hex
	if err := suitable(info, desc.Size); err != nil {
		return fmt.Errorf("%s %w", label, err)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return err
	}
	v := &verifier{file, label, desc.Digest.Hex, sha256.New()}
	_, err = io.Copy(w, v)
	if err := errors.Join(err, v.Close()); err != nil {
		return err
	}
	f.verified[desc.Digest] = desc.Size
	return nil
}

// blobPath is where a layout has a blob.
func blobPath(digest v1.Hash) string { return filepath.Join("blobs", digest.Algorithm, digest.Hex) }
