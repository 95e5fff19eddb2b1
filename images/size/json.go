package size

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// format numbers what a report looks like. One that means something else raises it.
const format = 1

// A Report is what is known of an image, for each platform that it was built for.
type Report struct {
	Format    int        `json:"format"`
	Image     string     `json:"image"` // name of its definition
	Platforms []Platform `json:"platforms"`
}

// NewReport is one of a format that Parse reads.
func NewReport(image string, platforms ...Platform) Report {
	return Report{Format: format, Image: image, Platforms: platforms}
}

// Platform returns the image for a platform.
func (r Report) Platform(name string) (Platform, bool) {
	for _, p := range r.Platforms {
		if p.Platform == name {
			return p, true
		}
	}
	return Platform{}, false
}

// JSON is what Parse reads, a line for each part: two reports can be compared as texts.
func (r Report) JSON() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(r); err != nil {
		return nil, fmt.Errorf("writing the sizes: %w", err)
	}
	return out.Bytes(), nil
}

// Of a report, more than which is not looked at.
const (
	MaxReport = 256 << 20 // bytes
	maxName   = 4096      // bytes of a path or a symbol
	maxBytes  = 1 << 50   // of a file
)

// Parse reads a report, and refuses one whose parts do not add up.
func Parse(data []byte) (Report, error) {
	var r Report
	if len(data) > MaxReport {
		return r, fmt.Errorf("it has %d bytes, more than %d", len(data), MaxReport)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&r); err != nil {
		return r, fmt.Errorf("it is no report of sizes: %w", err)
	}
	if decoder.More() {
		return r, errors.New("there is something after the report")
	}
	return r, r.check()
}

func (r Report) check() error {
	if r.Format != format {
		return fmt.Errorf("its format is %d: this reads %d, so write it again with `mage size`", r.Format, format)
	}
	if err := checkName("image", r.Image); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range r.Platforms {
		if seen[p.Platform] {
			return fmt.Errorf("it has platform %q twice", p.Platform)
		}
		seen[p.Platform] = true
		if err := p.check(); err != nil {
			return fmt.Errorf("platform %q: %w", p.Platform, err)
		}
	}
	return nil
}

func (p Platform) check() error {
	for what, name := range map[string]string{"platform": p.Platform, "manifest": p.Manifest} {
		if err := checkName(what, name); err != nil {
			return err
		}
	}
	if p.Detail < Sections || p.Detail > Components {
		return errors.New("it has no detail, such as \"sections\"")
	}
	if p.Compressed < 0 || p.Compressed > maxBytes {
		return fmt.Errorf("it has %d bytes compressed", p.Compressed)
	}
	var sum int64
	seen := map[string]bool{}
	for _, f := range p.Files {
		if seen[f.Path] {
			return fmt.Errorf("it has file %q twice", f.Path)
		}
		seen[f.Path] = true
		if err := f.check(); err != nil {
			return fmt.Errorf("file %q: %w", f.Path, err)
		}
		if sum += f.Bytes; sum > maxBytes {
			return fmt.Errorf("it has more than %d bytes", int64(maxBytes))
		}
	}
	if sum != p.Disk {
		return fmt.Errorf("its files have %d bytes, not %d", sum, p.Disk)
	}
	return nil
}

func (f File) check() error {
	if err := checkName("path", f.Path); err != nil {
		return err
	}
	var sum int64
	seen := map[Part]bool{}
	for _, p := range f.Parts {
		for what, name := range map[string]string{"component": p.Component, "source": p.Source, "section": p.Section, "symbol": p.Symbol} {
			if err := checkName(what, name); err != nil {
				return err
			}
		}
		if p.Bytes <= 0 || p.Bytes > maxBytes {
			return fmt.Errorf("a part has %d bytes", p.Bytes)
		}
		if sum += p.Bytes; sum > maxBytes {
			return fmt.Errorf("it has more than %d bytes", int64(maxBytes))
		}
		key := p
		if key.Bytes = 0; seen[key] {
			return fmt.Errorf("symbol %q of %s is there twice", p.Symbol, p.Component)
		}
		seen[key] = true
	}
	if sum != f.Bytes {
		return fmt.Errorf("its parts have %d bytes, not %d", sum, f.Bytes)
	}
	return nil
}

// checkName refuses what could steer a terminal.
func checkName(what, name string) error {
	if name != clean(name) {
		return fmt.Errorf("%s %q is too long, or has letters that cannot be printed", what, name[:min(len(name), 100)])
	}
	return nil
}

// clean is a name from a file without what could steer a terminal, and not too long.
func clean(name string) string {
	name = strings.ToValidUTF8(name[:min(len(name), maxName)], "")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}
