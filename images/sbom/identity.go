package sbom

import (
	"fmt"
	"path"
	"strings"

	"github.com/package-url/packageurl-go"
)

// SourcePURL names software that was compiled from an archive of its makers.
// Address and sha256 are the archive's.
func SourcePURL(name, version, address, sha256 string) string {
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", name, version, packageurl.QualifiersFromMap(map[string]string{
		"checksum": "sha256:" + sha256, "download_url": address,
	}), "").String()
}

// ProjectPURL names what is from a project's own repository, an https address.
func ProjectPURL(name, version, address string) string {
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", name, version, packageurl.QualifiersFromMap(map[string]string{
		"vcs_url": "git+" + address,
	}), "").String()
}

// AlpinePURL names a package of Alpine's. Arch is Alpine's name of the
// architecture, branch is such as v3.23, and origin the source package.
func AlpinePURL(name, version, arch, branch, origin string) string {
	qualifiers := map[string]string{"arch": arch, "distro": "alpine-" + strings.TrimPrefix(branch, "v")}
	if origin != "" && origin != name {
		qualifiers["upstream"] = origin
	}
	return packageurl.NewPackageURL(packageurl.TypeApk, "alpine", name, version, packageurl.QualifiersFromMap(qualifiers), "").String()
}

// FoundPURLs are the names that scanners give to a component of a distribution of
// our own: one by apk's database, and one by the program.
func FoundPURLs(distribution, name, version string) []string {
	return []string{
		packageurl.NewPackageURL(packageurl.TypeApk, distribution, name, version, nil, "").String(),
		packageurl.NewPackageURL(packageurl.TypeGeneric, "", name, version, nil, "").String(),
	}
}

// PURL names the image. It has no digest: that depends on the documents, which
// are in the image.
func (i Image) PURL() string { return ImagePURL(i.Name, i.Repository) }

// ImagePURL names an image, whatever its version. Repository may be empty.
func ImagePURL(name, repository string) string {
	qualifiers := map[string]string{}
	if repository != "" {
		name, qualifiers["repository_url"] = path.Base(repository), repository
	}
	return packageurl.NewPackageURL(packageurl.TypeOCI, "", name, "", packageurl.QualifiersFromMap(qualifiers), "").String()
}

// vendors are the names that the NVD has for the makers of a component and for
// the component. Advisories of nginx since 2024 use the first of its two.
var vendors = map[string][]string{
	"brotli":  {"google:brotli"},
	"musl":    {"musl-libc:musl"},
	"nginx":   {"f5:nginx_open_source", "f5:nginx"},
	"openssl": {"openssl:openssl"},
	"pcre2":   {"pcre:pcre2"},
	"zlib":    {"zlib:zlib"},
}

// CPEs are the names of a component in the NVD: none where it is not known
// there. Name is that of the source, and version that of its makers.
func CPEs(name, version string) []string {
	var all []string
	for _, product := range vendors[name] {
		all = append(all, fmt.Sprintf("cpe:2.3:a:%s:%s:*:*:*:*:*:*:*", product, cpeEscape.Replace(version)))
	}
	return all
}

// cpeEscape quotes what versions may have and CPE 2.3 has a meaning for.
var cpeEscape = strings.NewReplacer("+", `\+`, "~", `\~`, ":", `\:`)
