package debian

import (
	"fmt"
	"regexp"
	"strings"

	"pault.ag/go/debian/version"
)

// syntax is that of versions, as Debian's policy has it.
var syntax = regexp.MustCompile(`^([0-9]+:)?[0-9][0-9A-Za-z.+~:-]*$`)

func parse(text string) (version.Version, error) {
	if !syntax.MatchString(text) {
		return version.Version{}, fmt.Errorf("%.80q is no version", text)
	}
	v, err := version.Parse(text)
	if err != nil {
		return v, fmt.Errorf("version %.80q: %w", text, err)
	}
	if v.Version == "" {
		return v, fmt.Errorf("%.80q is no version", text)
	}
	return v, nil
}

// Compare orders two versions as dpkg does: below 0 if a is older than b.
func Compare(a, b string) (int, error) {
	first, err := parse(a)
	if err != nil {
		return 0, err
	}
	second, err := parse(b)
	if err != nil {
		return 0, err
	}
	return version.Compare(first, second), nil
}

// released is a version of upstream's, with what Debian adds where it has
// changed the archive.
var released = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)*)(?:[.+](?:dfsg|ds)[0-9.]*)?$`)

// Upstream returns the release that a version is of: 1.3.1 for
// 1:1.3.dfsg+really1.3.1-1. Previews and snapshots are of none.
func Upstream(text string) (release string, ok bool) {
	v, err := parse(text)
	if err != nil {
		return "", false
	}
	upstream := v.Version
	if _, really, found := strings.Cut(upstream, "+really"); found {
		upstream = really
	}
	match := released.FindStringSubmatch(upstream)
	if match == nil {
		return "", false
	}
	return match[1], true
}

// SameBranch says whether two releases differ in nothing but what follows their
// first two numbers: 3.5.7 and 3.5.9, but not 3.6.0.
func SameBranch(a, b string) bool {
	first, second := strings.SplitN(a, ".", 3), strings.SplitN(b, ".", 3)
	return len(first) > 1 && len(second) > 1 && first[0] == second[0] && first[1] == second[1]
}
