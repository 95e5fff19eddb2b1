package apk

import (
	"errors"
	"fmt"
	"strings"
)

// required are the fields without which a package cannot be had and verified.
const required = "CPVAS"

// A recordParser reads the text of an APKINDEX: lines "X:value", a record
// ending with an empty line.
type recordParser struct {
	arch   string
	limits Limits

	records       []Record
	uninstallable []string
	known         map[string]bool // names of package files

	// The record that is being read.
	record  Record
	seen    [256]bool // fields
	begun   bool
	unknown byte // an upper-case field that we do not know; 0 for none
}

// parseRecords reads the text of an APKINDEX.
func parseRecords(text, arch string, limits Limits) (records []Record, uninstallable []string, err error) {
	p := recordParser{arch: arch, limits: limits, known: map[string]bool{}}
	number := 0
	for line := range strings.Lines(text + "\n\n") {
		number++
		if err := p.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, nil, fmt.Errorf("APKINDEX:%d: %w", number, p.name(err))
		}
	}
	return p.records, p.uninstallable, nil
}

// name says which package an error is about.
func (p *recordParser) name(err error) error {
	if !namePattern.MatchString(p.record.Name) {
		return err
	}
	return fmt.Errorf("package %s: %w", p.record.Name, err)
}

func (p *recordParser) line(line string) error {
	if line == "" {
		return p.finish()
	}
	if len(line) > p.limits.Line {
		return fmt.Errorf("the line has more than the %d bytes allowed", p.limits.Line)
	}
	if err := checkText(line); err != nil {
		return err
	}
	if len(line) < 2 || line[1] != ':' {
		return fmt.Errorf("%.80q is not a letter, a colon and a value", line)
	}
	letter, value := line[0], line[2:]
	lower := letter >= 'a' && letter <= 'z'
	upper := letter >= 'A' && letter <= 'Z'
	if !lower && !upper {
		return fmt.Errorf("%.80q is not a letter, a colon and a value", line)
	}
	if p.seen[letter] {
		return fmt.Errorf("field %c is there twice", letter)
	}
	p.begun, p.seen[letter] = true, true
	set, ok := fields[letter]
	if !ok {
		// apk's rule: what a reader may not know safely has a small letter.
		if upper {
			p.unknown = letter
		}
		return nil
	}
	if err := set(&p.record, value); err != nil {
		return fmt.Errorf("field %c: %w", letter, err)
	}
	return nil
}

// finish ends a record.
func (p *recordParser) finish() error {
	if !p.begun {
		return nil
	}
	if err := p.complete(); err != nil {
		return err
	}
	p.known[p.record.File()] = true
	if p.unknown == 0 {
		p.records = append(p.records, p.record)
	} else {
		p.uninstallable = append(p.uninstallable,
			fmt.Sprintf("%s-%s: only a newer apk knows what its field %c means", p.record.Name, p.record.Version, p.unknown))
	}
	p.record, p.seen, p.begun, p.unknown = Record{}, [256]bool{}, false, 0
	return nil
}

// complete reports what is wrong with a record as a whole.
func (p *recordParser) complete() error {
	for _, letter := range required {
		if !p.seen[letter] {
			return fmt.Errorf("field %c is missing", letter)
		}
	}
	r := p.record
	switch {
	case r.Size == 0:
		return errors.New("field S: a package cannot have 0 bytes")
	case r.Arch != p.arch && r.Arch != noarch:
		return fmt.Errorf("it is for %s: this index must be for %s", r.Arch, p.arch)
	case p.known[r.File()]:
		return fmt.Errorf("version %s is there twice", r.Version)
	case len(p.known) == p.limits.Records:
		return fmt.Errorf("the index has more than the %d packages allowed", p.limits.Records)
	}
	return nil
}
