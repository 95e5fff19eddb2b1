package expected

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxSize is more bytes than the file ever has.
const maxSize = 1 << 20

// Parse reads the file called path. What is wrong is named with its line.
func Parse(path, name string, data []byte) (*File, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("%s: it has %d bytes, more than %d", path, len(data), maxSize)
	}
	p := parser{lines: strings.Split(string(data), "\n")}
	f, err := p.file(name)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w: `mage verify -update` writes it anew", path, p.n, err)
	}
	return f, nil
}

// parser goes through lines; n is the number of the last one that was taken.
type parser struct {
	lines []string
	n     int
}

func (p *parser) next() (string, bool) {
	p.n++
	if p.n > len(p.lines) {
		return "", false
	}
	return p.lines[p.n-1], true
}

func (p *parser) file(name string) (*File, error) {
	f := &File{Name: name}
	if line, _ := p.next(); line != header+name {
		return nil, fmt.Errorf("the first line must be %q", header+name)
	}
	for {
		line, ok := p.next()
		if line != "" || !ok {
			return nil, errors.New("there must be an empty line before each build, and a line feed at the end")
		}
		if p.n == len(p.lines) {
			return f, nil
		}
		start := p.n + 1
		e, err := p.entry()
		if err != nil {
			return nil, err
		}
		if n := len(f.entries); n > 0 && compare(f.entries[n-1].Build, e.Build) >= 0 {
			p.n = start
			return nil, fmt.Errorf("%q must come before %q, and once", e.Build, f.entries[n-1].Build)
		}
		f.entries = append(f.entries, e)
	}
}

func (p *parser) entry() (e entry, err error) {
	line, _ := p.next()
	words := strings.SplitN(line, " ", 3)
	if len(words) < 2 {
		return e, fmt.Errorf("%q must be a platform, a base and a toolchain", line)
	}
	e.Platform, e.Base = words[0], words[1]
	if len(words) == 3 {
		e.Toolchain = words[2]
	}
	if err := e.check(); err != nil {
		return e, err
	}
	if e.String() != line {
		return e, fmt.Errorf("%q must be written as %q", line, e.Build)
	}
	for i, h := range e.fields() {
		line, _ := p.next()
		want := fmt.Sprintf("  %-9s", digestNames[i])
		text, ok := strings.CutPrefix(line, want)
		if !ok || !hashForm.MatchString(text) {
			return e, fmt.Errorf("%q must be %q and a sha256", line, want)
		}
		if *h, err = v1.NewHash(text); err != nil {
			return e, err
		}
	}
	return e, nil
}

var hashForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
