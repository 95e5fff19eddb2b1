package source

import "fmt"

// A Locked is what the lock says of one patch of a series.
type Locked struct {
	File   string // name of the patch
	SHA256 string // of the patch file, in lower-case hexadecimal
	Skip   string // why it is not applied; empty where it is
}

// Match returns the patches to apply, in order: all but those that the lock
// skips. A series that is not exactly what the lock lists, in names, order
// and hashes, is an error that names the first difference.
func (s Series) Match(locked []Locked) ([]Patch, error) {
	var apply []Patch
	for i, want := range locked {
		if i == len(s.Patches) {
			return nil, mismatch("the lock goes on with %q where the series ends", want.File)
		}
		switch patch := s.Patches[i]; {
		case patch.Name != want.File:
			return nil, mismatch("patch %d of the series is %q, but the lock lists %q", i+1, patch.Name, want.File)
		case patch.SHA256 != want.SHA256:
			return nil, mismatch("patch %q has sha256 %s, but the lock lists %q", patch.Name, patch.SHA256, want.SHA256)
		case want.Skip == "":
			apply = append(apply, patch)
		}
	}
	if len(s.Patches) > len(locked) {
		return nil, mismatch("the series goes on with %q where the lock ends", s.Patches[len(locked)].Name)
	}
	return apply, nil
}

func mismatch(format string, args ...any) error {
	return fmt.Errorf("%s: review what has changed, then update the lock", fmt.Sprintf(format, args...))
}
