//go:build !linux

package release

import (
	"errors"
	"os"
)

// exchange only looks whether b exists: nothing portable swaps two names.
func exchange(_, b string) error {
	if _, err := os.Lstat(b); err != nil {
		return err
	}
	return errors.ErrUnsupported
}
