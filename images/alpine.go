package images

import (
	"fmt"
	"slices"
	"strings"
)

// Alpine says which packages of Alpine Linux a definition takes its files from.
type Alpine struct {
	// Mirror is an address; below it are BRANCH/REPOSITORY/ARCH.
	Mirror       string   `yaml:"mirror"`
	Branch       string   `yaml:"branch"`       // such as v3.23
	Repositories []string `yaml:"repositories"` // such as main
	// KeysFrom is an address; below it are the keys, by their names.
	KeysFrom string `yaml:"keys_from"`
	// Keys are the only ones that an index may be signed with: the name of
	// the key's file to its SHA-256.
	Keys map[string]string `yaml:"keys"`
	// Packages are wanted; what they depend on comes with them.
	Packages []string `yaml:"packages"`
	// Files are the only ones taken, with what they need to run: paths or
	// patterns of path.Match. Without any, everything is.
	Files []string `yaml:"files"`
}

// LockedAlpine pins what the packages of a definition were resolved to.
type LockedAlpine struct {
	Branch       string           `json:"branch"`
	Repositories []string         `json:"repositories"`
	Wanted       []string         `json:"wanted"` // the definition's packages
	Platforms    []LockedPlatform `json:"platforms"`
}

// LockedPlatform pins the packages for one platform.
type LockedPlatform struct {
	Platform string          `json:"platform"`
	Arch     string          `json:"arch"` // Alpine's name of the architecture
	Indexes  []LockedIndex   `json:"indexes"`
	Packages []LockedPackage `json:"packages"` // by name
}

// LockedIndex is the signed index that vouched for the packages. An older one
// is refused from then on.
type LockedIndex struct {
	Repository  string `json:"repository"`
	Description string `json:"description"`
	Built       int64  `json:"built"` // seconds since 1970
	Signer      string `json:"signer"`
}

// LockedPackage is one package file, and what the index said of it.
type LockedPackage struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Arch       string `json:"arch"`
	Repository string `json:"repository"`
	Checksum   string `json:"checksum"` // of the control member, as in the index: Q1 and Base64
	SHA256     string `json:"sha256"`   // of the whole file
	Size       int64  `json:"size"`     // of the file, in bytes
	Built      int64  `json:"built"`    // seconds since 1970
}

// File is the name of the package's file in its repository.
func (p LockedPackage) File() string { return p.Name + "-" + p.Version + ".apk" }

// Package returns the locked package with the given name.
func (p LockedPlatform) Package(name string) (LockedPackage, bool) {
	i := slices.IndexFunc(p.Packages, func(l LockedPackage) bool { return l.Name == name })
	if i < 0 {
		return LockedPackage{}, false
	}
	return p.Packages[i], true
}

// Platform returns what is locked for a platform, such as linux/arm64.
func (a LockedAlpine) Platform(platform string) (LockedPlatform, bool) {
	i := slices.IndexFunc(a.Platforms, func(p LockedPlatform) bool { return p.Platform == platform })
	if i < 0 {
		return LockedPlatform{}, false
	}
	return a.Platforms[i], true
}

// arches maps platforms to Alpine's names of architectures.
var arches = map[string]string{
	"linux/386": "x86", "linux/amd64": "x86_64", "linux/arm/v6": "armhf", "linux/arm/v7": "armv7",
	"linux/arm64": "aarch64", "linux/loong64": "loongarch64", "linux/ppc64le": "ppc64le",
	"linux/riscv64": "riscv64", "linux/s390x": "s390x",
}

// AlpineArch is Alpine's name for the architecture of a platform.
func AlpineArch(platform string) (string, error) {
	arch, ok := arches[platform]
	if !ok {
		return "", fmt.Errorf("platform %q: Alpine has no packages for it", platform)
	}
	return arch, nil
}

// Place is the address of a file in a repository below mirror.
func (a Alpine) Place(mirror, repository, arch, file string) string {
	return strings.Join([]string{strings.TrimRight(mirror, "/"), a.Branch, repository, arch, file}, "/")
}
