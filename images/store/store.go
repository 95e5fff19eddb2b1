// Package store keeps the pinned inputs of a build as files named by their sha256, and fetches
// those that are missing. Besides publishing, Fetch is the only code of the project that opens a
// connection, and it opens none when everything is there.
//
// Nothing enters the store before its size and sha256 have been verified, so neither the place it
// came from nor the way it came has to be trusted: redirects may leave https, and the remains of a
// download can be continued at another place. A run may be killed at any byte: what it leaves
// is either absent, or a partial file that the next run continues or discards.
//
// The retry loop is our own because what fails in practice is the body: a retry must notice that
// it was truncated or stalls, and continue after the bytes that are already on disk. A retrying
// HTTP client, such as hashicorp/go-retryablehttp, is done when the header has arrived.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Input is one pinned file.
type Input struct {
	Name   string   // what people call it, such as "nginx-1.26.3.tar.gz"; used in messages only
	SHA256 string   // 64 lower-case hexadecimal digits
	Size   int64    // exact, in bytes
	Places []string // absolute http, https or file URLs, tried in order
}

// Folders are those that a store has in its directory.
var Folders = []string{"inputs", "partial"}

// Store is a directory of verified files:
//
//	inputs/sha256/<hex>   complete, read-only
//	partial/<hex>         what has arrived so far
//	partial/<hex>.lock    held by the process that is fetching it; empty, and never removed,
//	                      since another process may be about to lock the file that has this name
type Store struct {
	dir string
}

// CorruptError says that a file in the store is not what its name says. Fetch replaces it.
type CorruptError struct {
	Path   string
	Reason string // "has 3 bytes, not 5"
}

func (e *CorruptError) Error() string {
	return e.Path + " " + e.Reason
}

// Open returns the store in dir, which is created if it is not there.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir}
	for _, d := range []string{s.inputs(), s.partials()} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			return nil, fmt.Errorf("creating the cache directory: %w", err)
		}
	}
	return s, nil
}

// Dir is the directory that the store was opened with.
func (s *Store) Dir() string { return s.dir }

func (s *Store) inputs() string   { return filepath.Join(s.dir, "inputs", "sha256") }
func (s *Store) partials() string { return filepath.Join(s.dir, "partial") }

// Path is where the store keeps in, whether it is there or not.
func (s *Store) Path(in Input) string {
	return filepath.Join(s.inputs(), in.SHA256)
}

// Verify reads the whole file of in. The error is fs.ErrNotExist if there is none, and a
// *CorruptError if its bytes are wrong.
func (s *Store) Verify(in Input) error {
	if err := in.check(); err != nil {
		return err
	}
	if err := verify(s.Path(in), in); err != nil {
		return fmt.Errorf("verifying %s: %w", in.Name, err)
	}
	return nil
}

// verify compares the file at path with the size and the hash of in.
func verify(path string, in Input) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &CorruptError{path, "is not a regular file"}
	}
	if info.Size() != in.Size {
		return &CorruptError{path, fmt.Sprintf("has %d bytes, not %d", info.Size(), in.Size)}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != in.SHA256 {
		return &CorruptError{path, fmt.Sprintf("has sha256 %s, not %s", sum, in.SHA256)}
	}
	return nil
}

// keep moves the verified partial file of in to its final name, and makes that survive a power cut.
func (s *Store) keep(in Input) error {
	partial := s.partial(in)
	f, err := os.Open(partial)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(partial, s.Path(in)); err != nil {
		return err
	}
	dir, err := os.Open(s.inputs())
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (s *Store) partial(in Input) string {
	return filepath.Join(s.partials(), in.SHA256)
}

// check refuses what could not be fetched, and hashes that would name a file outside the store.
func (in Input) check() error {
	sum, err := hex.DecodeString(in.SHA256)
	if err != nil || len(sum) != sha256.Size || in.SHA256 != strings.ToLower(in.SHA256) {
		return fmt.Errorf("input %q: sha256 %q is not 64 lower-case hexadecimal digits", in.Name, in.SHA256)
	}
	if in.Size <= 0 {
		return fmt.Errorf("input %q: size %d is not positive", in.Name, in.Size)
	}
	return nil
}
