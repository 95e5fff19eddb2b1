package images

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Debian says which suites of Debian's a lock of sources follows, and who may
// vouch for them.
type Debian struct {
	Suites []string `yaml:"suites"` // by codename, such as trixie-security
	// Keys are the only ones that an index may be signed with: what people call
	// the key to its fingerprint.
	Keys map[string]string `yaml:"keys"`
}

// LockedSuite is a signed index that was asked for newer sources. An older one
// is refused from then on.
type LockedSuite struct {
	Suite  string `json:"suite"`
	Date   int64  `json:"date"` // when it was made, in seconds since 1970
	Signer string `json:"signer"`
}

// Suite returns what a lock has seen of a suite.
func (l Lock) Suite(name string) (LockedSuite, bool) {
	i := slices.IndexFunc(l.Debian, func(s LockedSuite) bool { return s.Suite == name })
	if i < 0 {
		return LockedSuite{}, false
	}
	return l.Debian[i], true
}

var fingerprintPattern = pattern{regexp.MustCompile(`^[0-9A-F]{40}$`), "it must be a fingerprint, 40 upper-case hexadecimal digits"}

func (d Debian) validate(v *validator) {
	v.check(len(d.Suites) > 0, "debian.suites", "is empty")
	v.matchAll(namePattern, "debian.suites", d.Suites)
	v.check(len(d.Keys) > 0, "debian.keys", "is empty: no index could be trusted")
	for _, name := range slices.Sorted(maps.Keys(d.Keys)) {
		v.text("debian.keys", name)
		v.match(fingerprintPattern, fmt.Sprintf("debian.keys[%q]", name), d.Keys[name])
	}
}

func (v *validator) suites(seen []LockedSuite) {
	names := map[string]bool{}
	for i, s := range seen {
		at := fmt.Sprintf("debian[%d]", i)
		v.match(namePattern, at+".suite", s.Suite)
		v.check(!names[s.Suite], at, "is there twice")
		names[s.Suite] = true
		v.seconds(at+".date", s.Date)
		v.match(fingerprintPattern, at+".signer", s.Signer)
	}
}
