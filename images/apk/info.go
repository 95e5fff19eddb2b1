package apk

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// infoFields are the letters of the index for the keys of a .PKGINFO.
var infoFields = map[string]byte{
	"pkgname": 'P', "pkgver": 'V', "arch": 'A', "size": 'I', "pkgdesc": 'T', "url": 'U', "license": 'L',
	"origin": 'o', "maintainer": 'm', "builddate": 't', "commit": 'c', "provider_priority": 'k',
	"depend": 'D', "provides": 'p', "install_if": 'i', "replaces": 'r', "replaces_priority": 'q',
}

// An info is what a .PKGINFO says.
type info struct {
	record   Record   // without Checksum and Size, which it cannot know
	datahash [32]byte // SHA-256 of the compressed data member
}

// parseInfo reads a .PKGINFO: lines "key = value" and comments. Unknown keys
// are ignored, and so is a line without " = ", as apk does: abuild writes a
// description of several lines as it is.
func parseInfo(text string, limits Limits) (info, error) {
	parsed, seen := info{}, map[string]bool{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if err := parsed.line(strings.TrimSuffix(line, "\n"), seen, limits); err != nil {
			return info{}, fmt.Errorf(".PKGINFO:%d: %w", number, err)
		}
	}
	for _, key := range []string{"pkgname", "pkgver", "arch", "datahash"} {
		if !seen[key] {
			return info{}, fmt.Errorf(".PKGINFO has no %s", key)
		}
	}
	return parsed, nil
}

func (p *info) line(line string, seen map[string]bool, limits Limits) error {
	if len(line) > limits.Line {
		return fmt.Errorf("the line has more than the %d bytes allowed", limits.Line)
	}
	if err := checkText(line); err != nil {
		return err
	}
	key, value, ok := strings.Cut(line, " = ")
	if !ok || strings.HasPrefix(line, "#") {
		return nil
	}
	letter, known := infoFields[key]
	switch {
	case !known && key != "datahash":
		return nil
	case seen[key] && !repeatable[letter]:
		return fmt.Errorf("%s is there twice", key)
	}
	seen[key] = true
	set := fields[letter]
	if !known {
		set = p.setDatahash
	}
	if err := set(&p.record, value); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func (p *info) setDatahash(_ *Record, value string) error {
	raw, err := hex.DecodeString(value)
	if err != nil || copy(p.datahash[:], raw) != len(raw) || len(raw) != len(p.datahash) {
		return errors.New("it is not a SHA-256 in hexadecimal")
	}
	return nil
}
