package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
		if err := replace(filepath.Join(dir, name), encode); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

// replace writes a file under a temporary name first.
func replace(name string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	err = write(file)
	if err == nil {
		err = errors.Join(file.Chmod(0o644), file.Sync())
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
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
