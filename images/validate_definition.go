package images

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The syntax of values. Flags and options reach configure scripts and make,
// which hand them to a shell: what a shell takes for itself is refused.
var (
	namePattern    = pattern{regexp.MustCompile(`^[a-z][a-z0-9-]*$`), "it must be lower-case letters, digits and dashes"}
	versionPattern = pattern{regexp.MustCompile(`^[0-9][0-9A-Za-z.+~-]*$`), "it must be a version number"}
	userPattern    = pattern{regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`), "it must be UID:GID, numbers, neither of them 0"}
	portPattern    = pattern{regexp.MustCompile(`^[1-9][0-9]{0,4}/(tcp|udp)$`), "it must be like 8080/tcp"}
	signalPattern  = pattern{regexp.MustCompile(`^SIG[A-Z][A-Z0-9]*$`), "it must be the name of a signal, like SIGQUIT"}
	webPattern     = pattern{regexp.MustCompile(`^https://[a-z0-9.-]+/[!-~]*$`), "it must be an https address"}
	// A host with a dot or a port, and the parts of a name.
	publishedPattern = pattern{regexp.MustCompile(`^[a-z0-9-]+([.:][a-z0-9-]+)+(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$`), "it must be like ghcr.io/someone/nginx-scratch"}
	searchPattern    = pattern{regexp.MustCompile(`^/[0-9A-Za-z._/-]*(:/[0-9A-Za-z._/-]*)*$`), "it must be folders from the root on, with colons between them"}
	flagPattern      = pattern{regexp.MustCompile(`^-[A-Za-z0-9_+,./:=-]+$`), "it must be one flag, without spaces or quotes"}
	optionPattern    = pattern{regexp.MustCompile(`^[A-Za-z0-9_+,./:=-]+$`), "it must be one option, without spaces or quotes"}
	algorithmPattern = pattern{regexp.MustCompile(`^[A-Za-z0-9_*]+$`), "it must be an algorithm as OpenSSL's source names it, such as AES_*_XTS"}
	sourcePattern    = pattern{regexp.MustCompile(`^[a-z0-9_]+(/[a-z0-9_]+)*(\.c)?$`), "it must be a file of C or a folder, below the source"}
	featurePattern   = pattern{regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`), "it must be a feature of OpenSSL"}
)

func (d Definition) validate(file string) error {
	v := validator{file: file}
	v.match(namePattern, "name", d.Name)
	stem := strings.TrimSuffix(path.Base(file), ".yaml")
	v.check(d.Name == stem, "name", fmt.Sprintf("is %q: it must be %q, as the file is", d.Name, stem))
	if d.IsImage() || d.Alpine == nil {
		d.Image.validate(&v)
		v.check(d.Budgets.Disk > 0, "budgets.disk", "must be a number of bytes")
		v.check(d.Budgets.Compressed > 0, "budgets.compressed", "must be a number of bytes")
	}
	d.validatePlatforms(&v)
	d.Flags.validate(&v)
	d.validateOrigin(&v)
	if d.IsImage() || d.Alpine == nil {
		d.validateFiles(&v)
	} else {
		v.check(len(d.Install)+len(d.Config)+len(d.Links)+len(d.Paths) == 0, "image", "is missing, but there is something to put into one")
	}
	return v.err()
}

// validatePlatforms wants platforms that there are packages for. Which of them
// others can be compiled for, the recipes know.
func (d Definition) validatePlatforms(v *validator) {
	v.check(len(d.Platforms) > 0, "platforms", "is empty")
	for i, platform := range d.Platforms {
		_, err := AlpineArch(platform)
		v.check(err == nil, fmt.Sprintf("platforms[%d]", i), fmt.Sprintf(
			"is %q: it must be one of %q", platform, slices.Sorted(maps.Keys(arches))))
	}
	v.once("platforms", d.Platforms)
}

// validateOrigin wants files to come either from source or from packages.
func (d Definition) validateOrigin(v *validator) {
	if d.Debian != nil {
		d.Debian.validate(v)
	}
	if d.Alpine != nil {
		v.check(d.Debian == nil, "debian", "is there beside alpine, but it is for components")
		v.check(len(d.Components) == 0, "components", "is there beside alpine: an image is made of one or the other")
		v.check(len(d.Install) == 0, "install", "is there, but it is for components: name the files in alpine.files")
		v.check(d.Image.Entry == "", "image.entry", "is there, but nothing is compiled for an image of packages")
		d.Alpine.validate(v)
		return
	}
	v.check(len(d.Components) > 0, "components", "is empty")
	seen := map[string]bool{}
	for i, c := range d.Components {
		at := element("components", c.Name, i)
		v.match(namePattern, at+".name", c.Name)
		v.check(!seen[c.Name], at, "is there twice")
		seen[c.Name] = true
		c.validate(v, at)
	}
}

func (d Definition) validateFiles(v *validator) {
	installed := slices.ContainsFunc(d.Install, func(m Mapping) bool { return m.To == d.Image.Binary })
	v.check(installed || d.Alpine != nil || !fs.ValidPath(d.Image.Binary), "install", fmt.Sprintf("has nothing for %q, which is image.binary", d.Image.Binary))
	v.mappings("install", d.Install)
	v.check(len(d.Config) > 0, "config", "is empty")
	v.mappings("config", d.Config)
	for _, name := range slices.Sorted(maps.Keys(d.Links)) {
		v.path("links", name)
		target := d.Links[name]
		v.check(path.IsAbs(target) && path.Clean(target) == target, fmt.Sprintf("links[%q]", name),
			fmt.Sprintf("is %q: it must be an absolute path", target))
	}
	complete := d.Alpine != nil && len(d.Alpine.Files) == 0 // all of the packages: nobody lists that
	v.check(len(d.Paths) > 0 || complete, "paths", "is empty")
	for i, p := range d.Paths {
		at := fmt.Sprintf("paths[%d]", i)
		v.path(at, p)
		_, err := path.Match(p, "")
		v.check(err == nil, at, fmt.Sprintf("is %q: it must be a pattern of path.Match", p))
	}
}

func (v *validator) mappings(at string, list []Mapping) {
	for i, m := range list {
		v.path(fmt.Sprintf("%s[%d].from", at, i), m.From)
		v.path(fmt.Sprintf("%s[%d].to", at, i), m.To)
	}
}

func (i Image) validate(v *validator) {
	v.text("image.title", i.Title)
	v.text("image.description", i.Description)
	v.match(webPattern, "image.source", i.Source)
	if i.Repository != "" {
		v.match(publishedPattern, "image.repository", i.Repository)
	}
	v.text("image.licenses", i.Licenses)
	v.match(userPattern, "image.user", i.User)
	for id := range strings.SplitSeq(i.User, ":") {
		_, err := strconv.ParseInt(id, 10, 32) // as in container runtimes
		v.check(err == nil || !userPattern.ok(i.User), "image.user", id+" is above 2147483647")
	}
	v.matchAll(portPattern, "image.ports", i.Ports)
	v.match(signalPattern, "image.stop_signal", i.StopSignal)
	v.match(searchPattern, "image.path", i.Path)
	v.check(len(i.Command) > 0, "image.command", "is missing")
	for n, word := range i.Command {
		v.text(fmt.Sprintf("image.command[%d]", n), word)
	}
	v.path("image.binary", i.Binary)
	if i.Entry != "" {
		v.path("image.entry", i.Entry)
	}
	if h := i.Healthcheck; h != nil {
		v.check(i.Entry != "", "image.healthcheck", "is there, but no image.entry that could answer")
		// Engines take less for "the default".
		v.check(min(h.Interval, h.Timeout, h.StartPeriod) >= time.Millisecond, "image.healthcheck", "has a time of less than a millisecond")
		v.check(h.Retries > 0, "image.healthcheck.retries", "must be 1 or more")
	}
}

func (f Flags) validate(v *validator) {
	v.matchAll(flagPattern, "flags.compile", f.Compile)
	for _, major := range slices.Sorted(maps.Keys(f.Since)) {
		at := fmt.Sprintf("flags.compile_since_gcc[%d]", major)
		v.check(major > 0, at, "must be of a major version of GCC, above 0")
		v.matchAll(flagPattern, at, f.Since[major])
	}
	for _, arch := range slices.Sorted(maps.Keys(f.Arch)) {
		v.matchAll(flagPattern, fmt.Sprintf("flags.compile_arch[%q]", arch), f.Arch[arch])
	}
	v.matchAll(flagPattern, "flags.link", f.Link)
}

func (c Component) validate(v *validator, at string) {
	v.match(versionPattern, at+".version", c.Version)
	v.text(at+".license", c.License)
	v.matchAll(flagPattern, at+".flags", c.Flags)
	v.matchAll(optionPattern, at+".options", c.Options)
	for _, feature := range slices.Sorted(maps.Keys(c.Remove)) {
		v.match(featurePattern, at+".remove", feature)
	}
	v.reasons(at+".remove", c.Remove)
	for _, name := range slices.Sorted(maps.Keys(c.Unregister)) {
		v.match(algorithmPattern, at+".unregister", name)
	}
	v.reasons(at+".unregister", c.Unregister)
	v.matchAll(flagPattern, at+".hot.flags", c.Hot.Flags)
	for i, file := range c.Hot.Files {
		v.match(sourcePattern, fmt.Sprintf("%s.hot.files[%d]", at, i), file)
	}
	v.check((len(c.Hot.Flags) > 0) == (len(c.Hot.Files) > 0), at+".hot", "must have both flags and files")
	for i, e := range c.Edits {
		e.validate(v, fmt.Sprintf("%s.edits[%d]", at, i))
	}
	for _, patch := range slices.Sorted(maps.Keys(c.SkipPatches)) {
		v.check(!strings.HasPrefix(patch, "CVE-"), at+".skip_patches",
			fmt.Sprintf("names %q: a security fix is not skipped", patch))
	}
	v.reasons(at+".skip_patches", c.SkipPatches)
}

func (e Edit) validate(v *validator, at string) {
	v.path(at+".file", e.File)
	v.check(!strings.HasPrefix(e.File, "-"), at+".file", fmt.Sprintf("is %q: it must not begin like an option", e.File))
	v.check(len(e.From) > 0, at+".from", "is empty")
	for i, text := range e.From {
		v.replaceable(fmt.Sprintf("%s.from[%d]", at, i), text)
	}
	if e.To != "" {
		v.replaceable(at+".to", e.To)
	}
	v.text(at+".why", e.Why)
}

// replaceable wants a text that has no meaning to sed, or one that the recipe can
// take from it.
func (v *validator) replaceable(field, text string) {
	if v.text(field, text) {
		v.check(!strings.ContainsAny(text, `|\`), field, fmt.Sprintf("is %q: it must not have | or \\", text))
	}
}
