// Package segments keeps what compressing segments of layers has given, so that one that
// an earlier image had is not compressed again.
//
// What is read is not believed: it is unpacked and compared with the segment. Whatever is
// wrong with it, the segment is compressed anew.
package segments

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/klauspost/compress/flate"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
)

// Cache is a folder of compressed segments:
//
//	VERSION-SHA256   of the segment; what deflate.Append gives
//	new              being written
//	lock             held by who does; never removed
type Cache struct {
	Dir     string // made when there is something to keep
	Version int    // of the compressor: others give other bytes
}

// Append is deflate.Append with nil, or what that gave at an earlier time. The error says
// only that the result could not be kept.
func (c Cache) Append(dst, segment []byte) ([]byte, error) {
	name := fmt.Sprintf("%d-%x", c.Version, sha256.Sum256(segment))
	if packed, err := read(filepath.Join(c.Dir, name), len(segment)); err == nil && unpacksTo(packed, segment) {
		return append(dst, packed...), nil
	}
	packed := deflate.Append(nil, segment)
	if err := c.keep(name, packed); err != nil {
		err = fmt.Errorf("keeping a compressed segment: %w", err)
		return append(dst, packed...), err
	}
	return append(dst, packed...), nil
}

// read gives the content of a file, if that can be what size bytes are compressed to.
func read(path string, size int) (packed []byte, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	// What is stored has a bit more bytes than the segment.
	if !info.Mode().IsRegular() || info.Size() > int64(size+size/100+100) {
		return nil, fs.ErrInvalid
	}
	return os.ReadFile(path)
}

// unpacksTo reports whether packed is blocks with the segment, all of it and nothing else,
// that end with a byte and none of which is the final one: only then Final ends the stream.
func unpacksTo(packed, segment []byte) bool {
	from := bytes.NewReader(append(bytes.Clone(packed), deflate.Final...))
	zr := flate.NewReader(from)
	buffer := make([]byte, 64<<10)
	for {
		n, err := zr.Read(buffer)
		if !bytes.HasPrefix(segment, buffer[:n]) {
			return false
		}
		segment = segment[n:]
		if err != nil {
			return errors.Is(err, io.EOF) && len(segment) == 0 && from.Len() == 0
		}
	}
}

// keep writes a file of the folder. Whenever this is killed, the file is not there or whole,
// and what is left in new is written over by the next.
func (c Cache) keep(name string, packed []byte) (err error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(c.Dir, "lock"))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	f, err := os.Create(filepath.Join(c.Dir, "new"))
	if err != nil {
		return err
	}
	_, err = f.Write(packed)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), filepath.Join(c.Dir, name))
}
