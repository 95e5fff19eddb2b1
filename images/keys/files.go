package keys

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The names of a pair's files begin with the same prefix.
const (
	PrivateSuffix = ".key"
	PublicSuffix  = ".pub"
)

// ReadPrivate reads the private key in a file. If others than its owner can read
// the file too, warn is told.
func ReadPrivate(path string, password func() ([]byte, error), warn func(string)) (*ecdsa.PrivateKey, error) {
	data, mode, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the private key: %w", err)
	}
	if mode.Perm()&0o077 != 0 {
		warn(fmt.Sprintf("%s has mode %#o: others can read the private key; `chmod 600` it", path, mode.Perm()))
	}
	key, err := Private(data, password)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// ReadPublic reads the public key in a file.
func ReadPublic(path string) (*ecdsa.PublicKey, error) {
	data, _, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	key, err := Public(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// read reads no more than a key may have, from whatever path leads to: a pipe
// too, for that is how shells hand over secrets.
func read(path string) (data []byte, mode fs.FileMode, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	return data, info.Mode(), err
}

// Write puts a pair at prefix.key, for its owner alone, and prefix.pub. Neither
// file may be there: a key that is lost takes with it all that it has signed.
// Whoever is killed when, a prefix.pub is there only with the prefix.key that it
// belongs to, and nothing is half-written.
func Write(prefix string, key *ecdsa.PrivateKey, password []byte) error {
	if err := Free(prefix); err != nil {
		return err
	}
	private, public, err := Encode(key, password)
	if err != nil {
		return err
	}
	if err := create(prefix+PrivateSuffix, private, 0o600); err != nil {
		return fmt.Errorf("writing the private key: %w", err)
	}
	if err := create(prefix+PublicSuffix, public, 0o644); err != nil {
		return errors.Join(fmt.Errorf("writing the public key: %w", err), os.Remove(prefix+PrivateSuffix))
	}
	return nil
}

// Free refuses a prefix at which Write would find something.
func Free(prefix string) error {
	for _, path := range []string{prefix + PrivateSuffix, prefix + PublicSuffix} {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already, and keys are never overwritten: choose another prefix", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("looking for %s: %w", path, err)
		}
	}
	return nil
}

// create writes a file that must not be there: by a link, which unlike a rename
// takes the place of nothing.
func create(path string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
