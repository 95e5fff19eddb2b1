package apk

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	maxSize = 1 << 40         // bytes of a package or of what it installs
	maxTime = 253_402_300_799 // the last second of the year 9999
)

// A field puts a value into a record, as the index writes it.
type field func(r *Record, value string) error

// fields are the fields of a record by their letter.
var fields = map[byte]field{
	'C': func(r *Record, v string) (err error) { r.Checksum, err = ParseChecksum(v); return err },
	'P': func(r *Record, v string) error { r.Name = v; return check(namePattern, "the name of a package", v) },
	'V': func(r *Record, v string) error { r.Version = v; return check(versionPattern, "a version", v) },
	'A': func(r *Record, v string) error { r.Arch = v; return check(archPattern, "an architecture", v) },
	'S': func(r *Record, v string) (err error) { r.Size, err = number(v, maxSize); return err },
	'I': func(r *Record, v string) (err error) { r.Installed, err = number(v, maxSize); return err },
	'T': func(r *Record, v string) error { r.Summary = v; return nil },
	'U': func(r *Record, v string) error { r.URL = v; return nil },
	'L': func(r *Record, v string) error { r.License = v; return nil },
	'o': func(r *Record, v string) error { r.Origin = v; return nil },
	'm': func(r *Record, v string) error { r.Maintainer = v; return nil },
	'c': func(r *Record, v string) error { r.Commit = v; return nil },
	't': setBuilt,
	'k': func(r *Record, v string) (err error) { r.Priority, err = priority(v); return err },
	'D': func(r *Record, v string) error { r.Depends = append(r.Depends, strings.Fields(v)...); return nil },
	'p': func(r *Record, v string) error { r.Provides = append(r.Provides, strings.Fields(v)...); return nil },
	'i': func(r *Record, v string) error { r.InstallIf = append(r.InstallIf, strings.Fields(v)...); return nil },
	'r': func(r *Record, v string) error { r.Replaces = append(r.Replaces, strings.Fields(v)...); return nil },
	'q': func(r *Record, v string) (err error) { r.ReplacesPriority, err = priority(v); return err },
}

// repeatable are the fields that a .PKGINFO may have several times.
var repeatable = map[byte]bool{'D': true, 'p': true, 'i': true, 'r': true}

func setBuilt(r *Record, value string) error {
	seconds, err := number(value, maxTime)
	if seconds > 0 {
		r.Built = time.Unix(seconds, 0).UTC()
	}
	return err
}

func priority(value string) (int, error) {
	n, err := number(value, math.MaxInt32)
	return int(n), err
}

// number reads a decimal number without a sign, at most limit.
func number(value string, limit uint64) (int64, error) {
	n, err := strconv.ParseUint(value, 10, 63)
	if errors.Is(err, strconv.ErrRange) || n > limit {
		return 0, fmt.Errorf("the number %.40s is more than %d", value, limit)
	}
	if err != nil {
		return 0, fmt.Errorf("%.40q is no number", value)
	}
	return int64(n), nil
}
