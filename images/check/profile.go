package check

import (
	"fmt"
	"slices"
)

// A Profile is a kind of image. It decides which checks an image is put
// through, and which of its files they hold to what.
type Profile int

const (
	// Static is one static program with its data. Everything in it is ours, so
	// everything is held to everything.
	Static Profile = iota
	// Dynamic is one program out of a distribution's packages with the loader
	// and the shared libraries that it needs, and its data. Nobody here links
	// these files, so only what protects at run time is asked of the libraries.
	Dynamic
	// Debug is the program on a base system with a shell, for looking around.
	// Only the program is held to what Dynamic asks of it; it must never be the
	// image that people get who did not ask for it.
	Debug
)

// every is for the checks that no kind of image is spared.
var every = []Profile{Static, Dynamic, Debug}

func (p Profile) String() string {
	switch p {
	case Static:
		return "static"
	case Dynamic:
		return "dynamic"
	case Debug:
		return "debug"
	}
	return fmt.Sprintf("Profile(%d)", int(p))
}

// Checks returns the checks for images of one kind, in the order of All. There
// are none for a kind that is not known.
func Checks(p Profile) []Check {
	return slices.DeleteFunc(All(), func(c Check) bool { return !slices.Contains(c.Profiles, p) })
}
