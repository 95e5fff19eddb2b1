package debian

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

// Source is one version of a source package.
type Source struct {
	Package   string
	Version   string // such as 1:1.3.dfsg+really1.3.1-1
	Directory string // below the mirror
	Files     map[string]File
}

// plainName is what the archives of a source package are called.
var plainName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+~-]*$`)

// ReadSources reads of a list of sources those with the names that are wanted.
// A name may be there with several versions.
func ReadSources(r io.Reader, wanted func(name string) bool) ([]Source, error) {
	return read(r, "source", wanted, source)
}

// read decodes the paragraphs of a list of packages of one kind whose names are
// wanted.
func read[T any](r io.Reader, kind string, wanted func(name string) bool, decode func(fields map[string]string) (T, error)) ([]T, error) {
	var found []T
	p := paragraphs(r)
	for {
		fields, err := next(p)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("after %d of the %ss wanted: %w", len(found), kind, err)
		}
		if !wanted(fields["Package"]) {
			continue
		}
		one, err := decode(fields)
		if err != nil {
			return nil, fmt.Errorf("%s %s %.80q: %w", kind, fields["Package"], fields["Version"], err)
		}
		found = append(found, one)
	}
}

func source(fields map[string]string) (Source, error) {
	s := Source{Package: fields["Package"], Version: fields["Version"], Directory: fields["Directory"], Files: map[string]File{}}
	if _, err := parse(s.Version); err != nil {
		return s, err
	}
	if !fs.ValidPath(s.Directory) || s.Directory == "." {
		return s, fmt.Errorf("directory %.80q is no path below a mirror", s.Directory)
	}
	for line := range strings.Lines(fields["Checksums-Sha256"]) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, file, err := checksum(line)
		if _, twice := s.Files[name]; err == nil && (twice || !plainName.MatchString(name) || file.Size == 0) {
			err = errors.New("the name is there twice or no plain one, or the file is empty")
		}
		if err != nil {
			return s, fmt.Errorf("field Checksums-Sha256: %.120q: %w", strings.TrimSpace(line), err)
		}
		s.Files[name] = file
	}
	if len(s.Files) == 0 {
		return s, errors.New("field Checksums-Sha256 is missing")
	}
	return s, nil
}
