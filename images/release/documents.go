package release

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Document says something of the image for one platform. It is what an
// attestation of that image has as its predicate: Data is a JSON object.
type Document struct {
	Kind     Kind
	Platform string // "linux/arm64"
	Data     []byte
}

// A Kind is a format of documents.
type Kind struct {
	Name          string // on the command line: "spdx"
	Suffix        string // of file names: ".spdx.json"
	PredicateType string // in in-toto statements, as cosign has it
	MediaType     string
}

// The kinds of documents.
var (
	SPDX      = Kind{"spdx", ".spdx.json", "https://spdx.dev/Document", "application/spdx+json"}
	CycloneDX = Kind{"cyclonedx", ".cdx.json", "https://cyclonedx.org/bom", "application/vnd.cyclonedx+json"}
	OpenVEX   = Kind{"openvex", ".openvex.json", "https://openvex.dev/ns", "application/json"}
)

// Kinds are all of them.
var Kinds = []Kind{SPDX, CycloneDX, OpenVEX}

// file is the name of the document's file: "static-linux-arm64.spdx.json".
func (d Document) file(tag string) string {
	return strings.Join([]string{tag, strings.ReplaceAll(d.Platform, "/", "-")}, "-") + d.Kind.Suffix
}

// WriteDocuments puts each document into its file in dir, and removes those
// that an earlier release of the same tag had there and this one has not. A file
// is the old one or the new one, and one that is the same is left alone.
func (r Release) WriteDocuments(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing documents: %w", err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return fmt.Errorf("writing documents: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	var names []string
	for _, d := range r.Documents {
		names = append(names, d.file(r.Tag))
		if err := replaceFile(dir, d.file(r.Tag), d.Data); err != nil {
			return fmt.Errorf("writing %s: %w", filepath.Join(dir, d.file(r.Tag)), err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking for documents of an earlier release: %w", err)
	}
	for _, entry := range entries {
		if r.wrote(entry) && !slices.Contains(names, entry.Name()) {
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				return fmt.Errorf("removing a document of an earlier release: %w", err)
			}
		}
	}
	return syncPath(dir)
}

// wrote reports whether a file is one that WriteDocuments makes for this tag.
func (r Release) wrote(entry fs.DirEntry) bool {
	name := strings.TrimPrefix(entry.Name(), hiddenPrefix)
	return entry.Type().IsRegular() && strings.HasPrefix(name, r.Tag+"-") &&
		slices.ContainsFunc(Kinds, func(k Kind) bool { return strings.HasSuffix(name, k.Suffix) })
}

// hiddenPrefix marks what is not complete.
const hiddenPrefix = ".nginx-scratch-new."

// replaceFile writes a file beside the one it replaces. What a killed build left
// there is written over.
func replaceFile(dir, name string, data []byte) error {
	path := filepath.Join(dir, name)
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, data) {
		return nil
	}
	hidden := filepath.Join(dir, hiddenPrefix+name)
	err := os.WriteFile(hidden, data, 0o644)
	if err == nil {
		err = errors.Join(os.Chmod(hidden, 0o644), syncPath(hidden))
	}
	if err == nil {
		err = os.Rename(hidden, path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(hidden))
	}
	return nil
}

// ReadDocuments reads back what WriteDocuments has put into dir for one platform,
// in the order of Kinds. A kind that there is no file of is left out.
func ReadDocuments(dir, tag, platform string) ([]Document, error) {
	var all []Document
	for _, k := range Kinds {
		d := Document{Kind: k, Platform: platform}
		var err error
		d.Data, err = os.ReadFile(filepath.Join(dir, d.file(tag)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading a document of the image: %w", err)
		}
		all = append(all, d)
	}
	return all, nil
}
