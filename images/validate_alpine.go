package images

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	branchPattern     = pattern{regexp.MustCompile(`^(v[1-9][0-9]*\.[0-9]+|edge|latest-stable)$`), "it must be a branch of Alpine's, like v3.23"}
	repositoryPattern = pattern{regexp.MustCompile(`^[a-z][a-z0-9-]*$`), "it must be a repository of Alpine's, like main"}
	keyPattern        = pattern{regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z@._-]*\.rsa\.pub$`), "it must be the name of a key file, ending in .rsa.pub"}
	mirrorPattern     = pattern{regexp.MustCompile(`^(https?://|file:///)[!"$->@-~]+$`), "it must be an address with https, http or file, without a query"}
	packagePattern    = pattern{regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z+._-]*$`), "it must be the name of a package"}
	wantedPattern     = pattern{regexp.MustCompile(`^!?[0-9A-Za-z_/][0-9A-Za-z+._:/-]*([<>=~]{1,2}[0-9][0-9A-Za-z._-]*)?$`), "it must be a package, maybe with a version: nginx, nginx=1.28.0-r3, nginx~1.28"}
	releasePattern    = pattern{regexp.MustCompile(`^[0-9][0-9A-Za-z._~-]*$`), "it must be a version of a package"}
	checksumPattern   = pattern{regexp.MustCompile(`^Q1[0-9A-Za-z+/]{27}=$`), "it must be Q1 and 20 bytes in Base64, as in the index"}
	archPattern       = pattern{regexp.MustCompile(`^[a-z][a-z0-9_]*$`), "it must be Alpine's name of an architecture"}
)

func (a Alpine) validate(v *validator) {
	v.match(mirrorPattern, "alpine.mirror", a.Mirror)
	v.match(branchPattern, "alpine.branch", a.Branch)
	v.list(repositoryPattern, "alpine.repositories", a.Repositories)
	v.match(mirrorPattern, "alpine.keys_from", a.KeysFrom)
	v.check(len(a.Keys) > 0, "alpine.keys", "is empty: no index could be trusted")
	for _, name := range slices.Sorted(maps.Keys(a.Keys)) {
		v.match(keyPattern, "alpine.keys", name)
		v.match(sha256Pattern, fmt.Sprintf("alpine.keys[%q]", name), a.Keys[name])
	}
	v.list(wantedPattern, "alpine.packages", a.Packages)
	for i, p := range a.Files {
		at := fmt.Sprintf("alpine.files[%d]", i)
		v.path(at, p)
		_, err := path.Match(p, "")
		v.check(err == nil, at, fmt.Sprintf("is %q: it must be a pattern of path.Match", p))
	}
}

// list wants at least one value, each with the syntax and none twice.
func (v *validator) list(p pattern, field string, values []string) {
	v.check(len(values) > 0, field, "is empty")
	v.matchAll(p, field, values)
	v.once(field, values)
}

func (v *validator) once(field string, values []string) {
	for i, value := range values {
		v.check(!slices.Contains(values[:i], value), fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("is %q, which is there twice", value))
	}
}

func (a LockedAlpine) validate(v *validator) {
	v.match(branchPattern, "alpine.branch", a.Branch)
	v.list(repositoryPattern, "alpine.repositories", a.Repositories)
	v.list(wantedPattern, "alpine.wanted", a.Wanted)
	v.check(len(a.Platforms) > 0, "alpine.platforms", "is empty")
	for i, p := range a.Platforms {
		at := element("alpine.platforms", p.Platform, i)
		arch, err := AlpineArch(p.Platform)
		v.check(err == nil, at+".platform", fmt.Sprintf("is %q: Alpine has no packages for it", p.Platform))
		v.check(err != nil || p.Arch == arch, at+".arch", fmt.Sprintf("is %q: for %s it must be %q", p.Arch, p.Platform, arch))
		v.check(!slices.ContainsFunc(a.Platforms[:i], func(q LockedPlatform) bool { return q.Platform == p.Platform }), at, "is there twice")
		p.validate(v, at, a.Repositories)
	}
}

func (p LockedPlatform) validate(v *validator, at string, repositories []string) {
	for i, x := range p.Indexes {
		field := element(at+".indexes", x.Repository, i)
		v.check(slices.Contains(repositories, x.Repository), field+".repository", fmt.Sprintf("is %q, which is not in alpine.repositories", x.Repository))
		v.text(field+".description", x.Description)
		v.seconds(field+".built", x.Built)
		v.match(keyPattern, field+".signer", x.Signer)
	}
	v.check(len(p.Indexes) == len(repositories), at+".indexes", "must be one for each of alpine.repositories")
	v.check(len(p.Packages) > 0, at+".packages", "is empty")
	for i, l := range p.Packages {
		field := element(at+".packages", l.Name, i)
		v.match(packagePattern, field+".name", l.Name)
		v.match(releasePattern, field+".version", l.Version)
		v.match(archPattern, field+".arch", l.Arch)
		v.check(slices.Contains(repositories, l.Repository), field+".repository", fmt.Sprintf("is %q, which is not in alpine.repositories", l.Repository))
		v.match(checksumPattern, field+".checksum", l.Checksum)
		v.match(sha256Pattern, field+".sha256", l.SHA256)
		v.check(l.Size > 0, field+".size", "must be a number of bytes")
		v.seconds(field+".built", l.Built)
		v.check(i == 0 || p.Packages[i-1].Name < l.Name, field, "must be in the order of names, each once")
	}
}

func (v *validator) seconds(field string, n int64) {
	v.check(0 < n && n <= lastEpoch, field, fmt.Sprintf("is %d: it must be seconds since 1970, above 0 and up to %d", n, lastEpoch))
}

// match refuses a lock that was resolved for something else than d wants.
func (a LockedAlpine) match(v *validator, definition Definition) {
	const remedy = ": run `mage lock` again with -update"
	d := definition.Alpine
	v.check(a.Branch == d.Branch, "alpine.branch", fmt.Sprintf("is %q, but the definition says %q%s", a.Branch, d.Branch, remedy))
	v.same("alpine.repositories", a.Repositories, d.Repositories, remedy)
	v.same("alpine.wanted", a.Wanted, d.Packages, remedy)
	for n, p := range a.Platforms {
		at := element("alpine.platforms", p.Platform, n)
		v.check(slices.Contains(definition.Platforms, p.Platform), at, "is not in the definition"+remedy)
		for i, x := range p.Indexes {
			_, trusted := d.Keys[x.Signer]
			v.check(trusted, element(at+".indexes", x.Repository, i)+".signer",
				fmt.Sprintf("is %q, which the definition does not trust", x.Signer))
		}
	}
}

func (v *validator) same(field string, got, want []string, remedy string) {
	v.check(slices.Equal(got, want), field, fmt.Sprintf("is [%s], but the definition says [%s]%s", strings.Join(got, ", "), strings.Join(want, ", "), remedy))
}
