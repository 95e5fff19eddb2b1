package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// The files in the folder of a report.
const (
	JSONFile = "report.json"
	HTMLFile = "report.html"
)

// Write puts both files into dir, which is made where it is not there. Each is the old or
// the new one, and never half, whoever is killed when.
func (r Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	for name, encode := range map[string]func(io.Writer) error{JSONFile: r.Encode, HTMLFile: r.HTML} {
		var text bytes.Buffer
		if err := encode(&text); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		err := renameio.WriteFile(filepath.Join(dir, name), text.Bytes(), 0o644, renameio.IgnoreUmask(), renameio.WithTempDir(dir))
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

// Read reads the JSON of a report in dir.
func Read(dir string) (r Report, err error) {
	file, err := os.Open(filepath.Join(dir, JSONFile))
	if err != nil {
		return Report{}, fmt.Errorf("reading the report: %w: mage bench makes it", err)
	}
	r, err = Decode(file)
	return r, errors.Join(err, file.Close())
}
