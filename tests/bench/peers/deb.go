package peers

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// Limits of what one package may hold unpacked, against bombs: libc6, the largest, has
// 13 MB in 300 files.
const (
	maxBytes   = 64 << 20
	maxEntries = 20_000
	maxMemory  = 128 << 20 // of zstd's decoder
)

// The ar format: a line, then members, each a header of fixed fields, its data, and a
// byte to fill up to an even number.
const (
	arMagic  = "!<arch>\n"
	arHeader = 60
	arEnd    = "`\n"
)

// unpack adds the files of a Debian package to all. name is the package's.
func unpack(all *tree.Tree, name string, deb io.Reader) error {
	r := bufio.NewReader(deb)
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != arMagic {
		return errors.New("it is no Debian package: it does not begin with " + strconv.Quote(arMagic))
	}
	for {
		member, size, err := nextMember(r)
		if errors.Is(err, io.EOF) {
			return errors.New("it has no member data.tar")
		}
		if err != nil {
			return err
		}
		data := io.LimitReader(r, size)
		if strings.HasPrefix(member, "data.tar") {
			return unpackData(all, name, member, data)
		}
		if n, err := io.Copy(io.Discard, data); err != nil || n != size {
			return fmt.Errorf("member %q is cut off after %d of %d bytes", member, n, size)
		}
		if size%2 == 1 {
			_, _ = r.Discard(1) // where it is the last byte it may be missing: then the next header is
		}
	}
}

// nextMember reads a header. The error is io.EOF after the last one.
func nextMember(r io.Reader) (name string, size int64, err error) {
	header := make([]byte, arHeader)
	if _, err := io.ReadFull(r, header); err != nil {
		return "", 0, err // io.ErrUnexpectedEOF where it is cut off
	}
	if string(header[58:]) != arEnd {
		return "", 0, fmt.Errorf("the header of a member ends with %q, not %q", header[58:], arEnd)
	}
	name = strings.TrimSuffix(strings.TrimRight(string(header[:16]), " "), "/")
	size, err = strconv.ParseInt(strings.TrimRight(string(header[48:58]), " "), 10, 64)
	if err != nil || size < 0 {
		return "", 0, fmt.Errorf("member %q has %q as its size", name, header[48:58])
	}
	return name, size, nil
}

func unpackData(all *tree.Tree, name, member string, packed io.Reader) error {
	content, err := decompress(member, packed)
	if err != nil {
		return fmt.Errorf("decompressing %s: %w", member, err)
	}
	limited := &io.LimitedReader{R: content, N: maxBytes}
	archive := tar.NewReader(limited)
	for range maxEntries {
		header, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case limited.N == 0:
			return fmt.Errorf("%s has more than %d bytes", member, maxBytes)
		case err != nil:
			return fmt.Errorf("reading %s: %w", member, err)
		}
		if err := add(all, name, header, archive); err != nil {
			return fmt.Errorf("%s: %q: %w", member, header.Name, err)
		}
	}
	return fmt.Errorf("%s has more than %d entries", member, maxEntries)
}

func decompress(member string, packed io.Reader) (io.Reader, error) {
	switch strings.TrimPrefix(member, "data.tar") {
	case "":
		return packed, nil
	case ".gz":
		return gzip.NewReader(packed)
	case ".xz":
		return xz.NewReader(bufio.NewReader(packed))
	case ".zst":
		return zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxMemory))
	}
	return nil, errors.New("only xz, zstd, gzip and none at all are known")
}

// add puts one entry of the archive into the tree, owned by root.
func add(all *tree.Tree, component string, h *tar.Header, data io.Reader) error {
	name := strings.TrimPrefix(strings.TrimSuffix(h.Name, "/"), "./")
	if name == "." || name == "" {
		return nil
	}
	if !fs.ValidPath(name) {
		return errors.New("its path leads out of the image")
	}
	f := tree.File{Path: name, Mode: fs.FileMode(h.Mode) & fs.ModePerm, Origin: tree.Origin{Component: component, Path: name}} //nolint:gosec // masked
	switch h.Typeflag {
	case tar.TypeDir:
		return nil // of those that matter the tree makes parents
	case tar.TypeSymlink:
		if err := stays(name, h.Linkname); err != nil {
			return err
		}
		f.Mode, f.Link = fs.ModeSymlink, h.Linkname
	case tar.TypeLink:
		target, ok := all.Lookup(strings.TrimPrefix(h.Linkname, "./"))
		if !ok || !target.Mode.IsRegular() || target.Origin.Component != component {
			return fmt.Errorf("it is a link to %q, which is no file of the package", h.Linkname)
		}
		f.Data = target.Data
	case tar.TypeReg:
		var content bytes.Buffer
		if _, err := io.Copy(&content, data); err != nil {
			return fmt.Errorf("reading it: %w", err)
		}
		f.Data = content.Bytes()
	default:
		return fmt.Errorf("it is of type %q: only files, folders and links can be in an image", h.Typeflag)
	}
	return all.Add(f)
}

// stays refuses a link that leaves the root. An absolute one begins there.
func stays(name, target string) error {
	at := path.Dir(name)
	if path.IsAbs(target) {
		at = "."
	}
	if joined := path.Join(at, strings.TrimLeft(target, "/")); target == "" || joined == ".." || strings.HasPrefix(joined, "../") {
		return fmt.Errorf("it is a link to %q, out of the image", target)
	}
	return nil
}
