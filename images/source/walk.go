package source

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	maxPath    = 1024    // bytes of a path; the longest of a real archive is below 100
	maxElement = 255     // bytes between two slashes: what file systems take
	endOfTar   = 2 * 512 // zero bytes that end a tar archive
)

// walk hands every entry of a tar archive to visit, its name checked and
// cleaned. It reads to the end, so that the checksums of the compression have
// been verified when it returns nil.
func walk(ctx context.Context, s *stream, limits Limits, visit func(*tar.Header, io.Reader) error) error {
	entries := tar.NewReader(s)
	seen := map[string]bool{}
	var size int64
	last := "the beginning"
	for count := 1; ; count++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return end(s)
		}
		if err != nil {
			return fmt.Errorf("reading the entry after %s: %w", last, err)
		}
		last = fmt.Sprintf("%.*q", maxPath, header.Name)
		if count > limits.Entries {
			return fmt.Errorf("entry %s: the archive has more than the %d entries allowed", last, limits.Entries)
		}
		// A sparse file takes no room in the archive: its size counts as well.
		if header.Size > limits.Bytes-size {
			return fmt.Errorf("entry %s: the archive holds more than the %d bytes allowed", last, limits.Bytes)
		}
		size += header.Size
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := admit(header, seen); err != nil {
			return fmt.Errorf("entry %s: %w", last, err)
		}
		if err := visit(header, entries); err != nil {
			return fmt.Errorf("entry %s: %w", last, err)
		}
	}
}

// admit cleans the name of an entry and refuses what no source archive needs.
func admit(header *tar.Header, seen map[string]bool) error {
	name, err := cleanName(header.Name)
	if err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink:
	default:
		return fmt.Errorf("its type is %q: only files, directories and links can be unpacked", header.Typeflag)
	}
	if seen[name] {
		return errors.New("the archive has it twice")
	}
	seen[name] = true
	header.Name = name
	return nil
}

// cleanName returns name as fs.ValidPath wants it.
func cleanName(name string) (string, error) {
	elements := strings.Split(name, "/")
	tooLong := func(element string) bool { return len(element) > maxElement }
	switch clean := path.Clean(name); {
	case path.IsAbs(name):
		return "", errors.New("the path is absolute")
	case slices.Contains(elements, ".."):
		return "", errors.New("the path has a \"..\"")
	case len(name) > maxPath || slices.ContainsFunc(elements, tooLong):
		return "", fmt.Errorf("the path is longer than %d bytes, or %d between slashes", maxPath, maxElement)
	case name == "" || !fs.ValidPath(clean) || strings.ContainsRune(clean, 0):
		return "", errors.New("the path is empty, not UTF-8, or has a NUL")
	default:
		return clean, nil
	}
}

// end reads what follows the last entry of a tar archive.
func end(s *stream) error {
	if _, err := io.Copy(io.Discard, s); err != nil {
		return fmt.Errorf("reading the end: %w", err)
	}
	if s.zeros < endOfTar {
		return errors.New("the archive is truncated: it has no end-of-archive mark")
	}
	return nil
}
