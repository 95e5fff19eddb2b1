package lint

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writers are the formats that findings can be written in.
var writers = map[string]func(io.Writer, []Finding) error{"text": WriteText, "json": WriteJSON, "sarif": WriteSARIF}

// Run judges a file or folder of this machine and writes what is found: as
// text, json or sarif. The error says how many of the findings are errors.
// Image is as in Options.
func Run(w io.Writer, path, format string, image fs.FS) error {
	write, ok := writers[format]
	if !ok {
		return fmt.Errorf("format %q: it must be text, json or sarif", format)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("linting: %w", err)
	}
	folder, name := path, "."
	if !info.IsDir() {
		folder, name = filepath.Split(path)
		folder = filepath.Clean(folder)
	}
	findings, err := Check(os.DirFS(folder), name, Options{Image: image})
	if err != nil {
		return fmt.Errorf("linting %s: %w", path, err)
	}
	errs := 0
	for i, f := range findings {
		findings[i].File = filepath.ToSlash(filepath.Join(folder, filepath.FromSlash(f.File)))
		if f.Severity == Error {
			errs++
		}
	}
	if err := write(w, findings); err != nil {
		return fmt.Errorf("writing the findings: %w", err)
	}
	if errs > 0 {
		return fmt.Errorf("%s: %d errors", path, errs)
	}
	return nil
}
