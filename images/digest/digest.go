// Package digest hashes files.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
)

// hexLength is how many digits a digest has.
const hexLength = 2 * sha256.Size

// How many bytes are read at once: at least so many, for some files do not say how many
// they have.
const (
	smallest = 512
	largest  = 256 << 10
)

// File returns the SHA-256 of the content of a file, in lower-case
// hexadecimal. A symbolic link is followed. Errors are *fs.PathError.
func File(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	// A toolchain has a thousand headers of some kilobytes, and programs of tens of
	// megabytes: neither is read with io.Copy's own buffer. And io.Copy would have the
	// file choose one.
	buffer := make([]byte, min(max(info.Size()+1, smallest), largest))
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{f}, buffer); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
