package apk

import (
	"crypto/sha1" //nolint:gosec // an index names packages by SHA-1; the data has a SHA-256
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// noarch is the architecture of packages without machine code. They stand in
// the index of every architecture, there mostly with the index's own.
const noarch = "noarch"

// A Package is what a package file holds.
type Package struct {
	// Record is what .PKGINFO says, with the checksum and the size of the
	// file, and with the architecture and the repository that the index gave:
	// what apk would write into its list of installed packages.
	Record Record
	// Files are the regular files, directories and symlinks, each path once,
	// in the byte order of the paths; parents that the archive leaves out are
	// not among them. A hard link is a regular file that shares its Data with
	// the other. Owners are the archive's numbers. All Data share one piece of
	// memory, so keeping one file keeps the package's content.
	Files []tree.File
	// Scripts are the names of the scripts that apk would run, such as
	// ".post-install", in the order of the package. They are never run here.
	Scripts []string
}

// ReadPackage reads the package file that want, a record of a verified index,
// describes: any number of signature members, one control member, one data
// member. Each step vouches for the next: want's size and checksum for the
// control member, whose .PKGINFO must have want's name, version and
// architecture ("noarch" will do), and the SHA-256 of the data member; only
// then is that unpacked. Signature members are ignored, for the index has
// vouched already. Errors name the package, the member and the file.
func ReadPackage(data []byte, want Record, limits Limits) (Package, error) {
	p, err := readPackage(data, want, limits)
	if err != nil {
		return Package{}, fmt.Errorf("package %s-%s: %w", want.Name, want.Version, err)
	}
	return p, nil
}

func readPackage(data []byte, want Record, limits Limits) (Package, error) {
	switch size := int64(len(data)); {
	case size > limits.Package:
		return Package{}, fmt.Errorf("the file has %d bytes, more than the %d allowed", size, limits.Package)
	case size != want.Size:
		return Package{}, fmt.Errorf("the file has %d bytes, but the index says %d: get it again", size, want.Size)
	}
	_, rest, members, err := signatures(data)
	if err != nil {
		return Package{}, err
	}
	var p Package
	parsed, size, err := p.readControl(rest, want, limits)
	if err != nil {
		return Package{}, fmt.Errorf("member %d (control): %w", members+1, err)
	}
	if err := p.readData(rest[size:], parsed.datahash, limits); err != nil {
		return Package{}, fmt.Errorf("member %d (data): %w", members+2, err)
	}
	return p, nil
}

// readControl reads the control member that rest begins with, and says how
// many bytes it has.
func (p *Package) readControl(rest []byte, want Record, limits Limits) (parsed info, size int, err error) {
	if err := expect(rest, infoName); err != nil {
		return info{}, 0, err
	}
	plain, size, err := inflate(rest, limits.Control)
	if err != nil {
		return info{}, 0, err
	}
	//nolint:gosec // the format has no other checksum here
	if found := Checksum(sha1.Sum(rest[:size])); found != want.Checksum {
		return info{}, 0, fmt.Errorf("its checksum is %s, but the index says %s: the file is damaged or another package; get it again", found, want.Checksum)
	}
	parsed, p.Scripts, err = parseControl(plain, limits)
	if err != nil {
		return info{}, 0, err
	}
	r := parsed.record
	if r.Name != want.Name || r.Version != want.Version || r.Arch != want.Arch && r.Arch != noarch {
		return info{}, 0, fmt.Errorf("%s says it is %s-%s for %s, but the index %s-%s for %s: the repository contradicts itself",
			infoName, r.Name, r.Version, r.Arch, want.Name, want.Version, want.Arch)
	}
	r.Checksum, r.Size, r.Arch, r.Repository = want.Checksum, want.Size, want.Arch, want.Repository
	p.Record = r
	return parsed, size, nil
}

// readData reads the data member, which rest must be.
func (p *Package) readData(rest []byte, datahash [sha256.Size]byte, limits Limits) error {
	if len(rest) == 0 {
		return errors.New("it is missing: the file is truncated")
	}
	if found := sha256.Sum256(rest); found != datahash {
		return fmt.Errorf("the SHA-256 of what follows the control member is %x, but %s says %x: the file is damaged, or something was added; get it again",
			found, infoName, datahash)
	}
	plain, size, err := inflate(rest, limits.Data)
	if err != nil {
		return err
	}
	if size != len(rest) {
		return fmt.Errorf("%d bytes follow it: it must end the file", len(rest)-size)
	}
	p.Files, err = unpack(plain, p.Record.Name, limits)
	return err
}

// expect reports a member that does not begin with the entry name.
func expect(member []byte, name string) error {
	found, err := first(member)
	if err == nil && found != name {
		err = fmt.Errorf("it begins with %.200q: %s must come first", found, name)
	}
	return err
}
