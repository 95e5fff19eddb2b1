// Package digest hashes files.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
)

// File returns the SHA-256 of the content of a file, in lower-case
// hexadecimal. A symbolic link is followed. Errors are *fs.PathError.
func File(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
