package attest

import "time"

// BuildType names what the parameters of a build mean: images/README.md of the
// project says it.
const BuildType = "https://github.com/nginx-scratch/nginx-scratch/blob/main/images/README.md#provenance-v1"

// A Build is what was done to make an image, and what it was made from.
type Build struct {
	// What was asked for.
	Definition string   // "static"
	Platforms  []string // "linux/amd64"
	Base       string   // where it was compiled: "host" or "alpine"; empty where nothing is

	// What follows from the project as it was then.
	Flags           map[string][]string // of the compiler and the linker, by what they are for
	SourceDateEpoch int64               // seconds since 1970
	FormatVersion   int                 // of what is written for the same files

	Toolchains []Toolchain // none where nothing is compiled
	Source     Source
	Inputs     []Input

	Builder           string    // an address that names who built
	Invocation        string    // names this one build
	Started, Finished time.Time // whole seconds are used
}

// A Toolchain is the compiler, to the byte.
type Toolchain struct {
	Platform string // that it compiles for
	ID       string // hash over its programs, libraries and headers
	Version  string // as the compiler prints it
}

// A Source is the checkout that was built from.
type Source struct {
	Address string // of the repository, https
	Commit  string // 40 hexadecimal digits; empty where it is not known
	Tree    string // TreeClean, TreeModified or TreeUnknown
}

// What there is in a checkout besides its commit.
const (
	TreeClean    = "clean"    // nothing
	TreeModified = "modified" // changes, or files that git does not know
	TreeUnknown  = "unknown"  // it is no git checkout, or git did not answer
)

// An Input is one file that went into the image.
type Input struct {
	Name   string            // of the file
	SHA256 string            // 64 hexadecimal digits
	Places []string          // addresses it can be had from, the first of which is tried first
	About  map[string]string // what it is to the build: its role, component, version
}
