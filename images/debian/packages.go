package debian

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
)

// Package is one version of a binary package.
type Package struct {
	Name    string
	Version string // such as 1.26.3-3+deb13u10
	Path    string // of its file below the mirror
	File    File
}

// ReadPackages reads of a list of binary packages those with the names that are wanted.
// A name may be there with several versions.
func ReadPackages(r io.Reader, wanted func(name string) bool) ([]Package, error) {
	return read(r, "package", wanted, binary)
}

func binary(fields map[string]string) (Package, error) {
	p := Package{Name: fields["Package"], Version: fields["Version"], Path: fields["Filename"], File: File{SHA256: fields["SHA256"]}}
	if _, err := parse(p.Version); err != nil {
		return p, err
	}
	if !fs.ValidPath(p.Path) || !plainName.MatchString(path.Base(p.Path)) {
		return p, fmt.Errorf("file %.80q is no path below a mirror", p.Path)
	}
	size, err := strconv.ParseInt(fields["Size"], 10, 64)
	if err != nil || size <= 0 {
		return p, fmt.Errorf("size %.80q is no number of bytes", fields["Size"])
	}
	if !isHash(p.File.SHA256) {
		return p, fmt.Errorf("field SHA256 is %.80q", p.File.SHA256)
	}
	p.File.Size = size
	return p, nil
}
