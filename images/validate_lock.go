package images

import (
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	sha256Pattern   = pattern{regexp.MustCompile(`^[0-9a-f]{64}$`), "it must be 64 lower-case hexadecimal digits"}
	archivePattern  = pattern{regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+~-]*$`), "it must be a plain file name"}
	revisionPattern = pattern{regexp.MustCompile(`^[0-9][0-9A-Za-z.+~:-]*$`), "it must be a version of Debian's"}
	placePattern    = pattern{regexp.MustCompile(`^[!"$-~]+$`), "it must be printable ASCII without spaces and #"}
)

// lastEpoch is the last second that the header of a tar archive can hold.
const lastEpoch = 1<<33 - 1

func (l Lock) validate(file string) error {
	v := validator{file: file}
	v.seconds("source_date_epoch", l.SourceDateEpoch)
	seen := map[string]bool{}
	for i, c := range l.Components {
		at := element("components", c.Name, i)
		v.match(namePattern, at+".name", c.Name)
		v.check(!seen[c.Name], at, "is there twice")
		seen[c.Name] = true
		v.input(at+".source", c.Source)
		if c.Patches != nil {
			v.series(at+".patches", *c.Patches)
		}
	}
	if l.Alpine != nil {
		l.Alpine.validate(&v)
	}
	v.suites(l.Debian)
	return v.err()
}

func (v *validator) series(at string, s Series) {
	v.match(revisionPattern, at+".revision", s.Revision)
	v.input(at+".archive", s.Archive)
	v.check(len(s.Patches) > 0, at+".series", "is empty: without patches, leave the whole field patches out")
	seen := map[string]bool{}
	for i, p := range s.Patches {
		field := fmt.Sprintf("%s.series[%d]", at, i)
		v.path(field+".file", p.File)
		v.match(sha256Pattern, field+".sha256", p.SHA256)
		v.check(!seen[p.File], field+".file", fmt.Sprintf("is %q, which is there twice", p.File))
		seen[p.File] = true
	}
}

func (v *validator) input(at string, in Input) {
	v.match(archivePattern, at+".file", in.File)
	v.match(sha256Pattern, at+".sha256", in.SHA256)
	v.check(in.Size > 0, at+".size", "must be a number of bytes")
	v.check(len(in.Places) > 0, at+".places", "is empty")
	for i, place := range in.Places {
		v.check(isPlace(place), fmt.Sprintf("%s.places[%d]", at, i), fmt.Sprintf(
			"is %q: it must be an address with https or http, or debian: and a path below a Debian mirror", place))
	}
}

// isPlace says whether the pipeline can make the place the address of a file.
func isPlace(place string) bool {
	if !placePattern.ok(place) {
		return false
	}
	if path, ok := strings.CutPrefix(place, "debian:"); ok {
		plain, err := url.PathUnescape(path)
		return err == nil && fs.ValidPath(plain) && plain != "." && !strings.Contains(path, "?")
	}
	u, err := url.Parse(place)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && len(u.Path) > 1
}

// match refuses a lock that was made for something else than d wants: a
// component, a version, or a patch that is to be skipped but not there.
func (l Lock) match(file string, d Definition) error {
	v := validator{file: file}
	v.check(l.Definition == d.Name, "definition", fmt.Sprintf("is %q, but the definition is %q", l.Definition, d.Name))
	for _, want := range d.Components {
		field := fmt.Sprintf("components[%s]", want.Name)
		got, ok := l.Component(want.Name)
		if !ok {
			v.check(false, field, "is missing, but the definition has it")
			continue
		}
		v.check(got.Version == want.Version, field+".version",
			fmt.Sprintf("is %q, but the definition says %q", got.Version, want.Version))
		for _, name := range slices.Sorted(maps.Keys(want.SkipPatches)) {
			v.check(got.hasPatch(name), field+".patches", fmt.Sprintf(
				"does not list %q, which the definition skips: remove it from skip_patches", name))
		}
	}
	for i, got := range l.Components {
		_, ok := d.Component(got.Name)
		v.check(ok, element("components", got.Name, i), "is not in the definition")
	}
	switch {
	case l.Alpine != nil && d.Alpine != nil:
		l.Alpine.match(&v, d)
	case l.Alpine != nil:
		v.check(false, "alpine", "is not in the definition")
	case d.Alpine != nil:
		v.check(false, "alpine", "is missing, but the definition has it")
	}
	return v.err()
}

func (c LockedComponent) hasPatch(name string) bool {
	return c.Patches != nil && slices.ContainsFunc(c.Patches.Patches, func(p Patch) bool { return p.File == name })
}
