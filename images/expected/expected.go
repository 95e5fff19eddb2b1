// Package expected reads and writes images/NAME.digests: which digests an image must
// have, by what it was built for and with.
package expected

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Build is what decides the bytes of an image, besides the checkout.
type Build struct {
	Platform  string // "linux/amd64"
	Base      string // "host" or "alpine", where it was compiled; "packages" where nothing was
	Toolchain string // as the compiler and the linker print it; empty where nothing was compiled
}

// Digests are those of the image of one platform.
type Digests struct {
	DiffID   v1.Hash // of its layer, unpacked
	Manifest v1.Hash
	Index    v1.Hash // of an index that has only this platform
}

// File is all that is expected of a definition's images.
type File struct {
	Name    string // of the definition
	entries []entry
}

type entry struct {
	Build
	Digests
}

// Lookup returns what is expected of a build.
func (f *File) Lookup(b Build) (Digests, bool) {
	i := slices.IndexFunc(f.entries, func(e entry) bool { return e.Build == b })
	if i < 0 {
		return Digests{}, false
	}
	return f.entries[i].Digests, true
}

// Builds lists those that something is expected of, in the order of the file.
func (f *File) Builds() (all []Build) {
	for _, e := range f.entries {
		all = append(all, e.Build)
	}
	return all
}

// Set puts what is expected of a build in its place.
func (f *File) Set(b Build, d Digests) error {
	if err := b.check(); err != nil {
		return err
	}
	f.entries = slices.DeleteFunc(f.entries, func(e entry) bool { return e.Build == b })
	f.entries = append(f.entries, entry{b, d})
	slices.SortFunc(f.entries, func(x, y entry) int { return compare(x.Build, y.Build) })
	return nil
}

func compare(x, y Build) int {
	return cmp.Or(cmp.Compare(x.Platform, y.Platform), cmp.Compare(x.Base, y.Base), cmp.Compare(x.Toolchain, y.Toolchain))
}

// The forms of a Build's fields. A toolchain is one line of what people can read.
var (
	platformForm  = regexp.MustCompile(`^linux/[a-z0-9]+(/[a-z0-9]+)?$`)
	baseForm      = regexp.MustCompile(`^[a-z]+$`)
	toolchainForm = regexp.MustCompile(`^([!-~]+( [!-~]+)*)?$`)
)

func (b Build) check() error {
	switch {
	case !platformForm.MatchString(b.Platform):
		return fmt.Errorf("platform %q must be like linux/amd64", b.Platform)
	case !baseForm.MatchString(b.Base):
		return fmt.Errorf("base %q must be a word of small letters", b.Base)
	case !toolchainForm.MatchString(b.Toolchain):
		return fmt.Errorf("toolchain %q must be words with single spaces between", b.Toolchain)
	}
	return nil
}

// String is the build as the file and people have it.
func (b Build) String() string {
	return strings.TrimSpace(b.Platform + " " + b.Base + " " + b.Toolchain)
}

// header is the first line; it ends in the name of the definition.
const header = "# Written by `mage verify -update`, compared by `mage verify`: digests of the image "

// The names of digests, in their order.
var digestNames = [...]string{"diffid", "manifest", "index"}

func (d *Digests) fields() [len(digestNames)]*v1.Hash {
	return [...]*v1.Hash{&d.DiffID, &d.Manifest, &d.Index}
}

// Encode returns the only form that Parse accepts.
func (f *File) Encode() []byte {
	var out bytes.Buffer
	out.WriteString(header + f.Name + "\n")
	for _, e := range f.entries {
		fmt.Fprintf(&out, "\n%s\n", e.Build)
		for i, h := range e.fields() {
			fmt.Fprintf(&out, "  %-9s%s\n", digestNames[i], h)
		}
	}
	return out.Bytes()
}
