package apk

import (
	"archive/tar"
	"crypto/sha1" //nolint:gosec // the format's checksum of a file; the whole data has a SHA-256
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// placeholder is the empty file with which abuild once filled packages that
// have no files. apk does not install it.
const placeholder = ".dummy"

// checksumRecord is the pax record with the hexadecimal SHA-1 of a regular
// file's content, or of a symlink's target.
const checksumRecord = "APK-TOOLS.checksum.SHA1"

// nameField is how many bytes of a target the header of an entry has room for.
const nameField = 100

// unpack returns the files of an unpacked data member. Extended attributes are
// dropped: an image cannot hold them, and they could only add rights.
func unpack(plain []byte, component string, limits Limits) ([]tree.File, error) {
	all := tree.New() // refuses files that are in each other's way
	err := walk(plain, limits.Entries, func(header *tar.Header, body []byte) error {
		if header.Name == placeholder && header.Typeflag == tar.TypeReg && len(body) == 0 {
			return nil
		}
		f, err := unpackEntry(header, body, all)
		if err != nil {
			return err
		}
		f.Origin = tree.Origin{Component: component, Path: f.Path}
		return all.Add(f)
	})
	if err != nil {
		return nil, err
	}
	var files []tree.File
	for f := range all.All() {
		if f.Origin.Component != "" { // not a parent that the archive leaves out
			files = append(files, f)
		}
	}
	return files, nil
}

// unpackEntry turns an entry into a file. Earlier ones are in all.
func unpackEntry(header *tar.Header, body []byte, all *tree.Tree) (tree.File, error) {
	name, err := cleanPath(header.Name, header.Typeflag == tar.TypeDir)
	if err != nil {
		return tree.File{}, err
	}
	if strings.HasPrefix(name, ".") {
		return tree.File{}, errors.New("a file of the root whose name begins with a dot belongs to the control member")
	}
	f := tree.File{Path: name, UID: header.Uid, GID: header.Gid}
	if f.Mode, err = mode(header.Mode); err != nil {
		return tree.File{}, err
	}
	switch header.Typeflag {
	case tar.TypeReg:
		f.Data = body
	case tar.TypeDir:
		f.Mode |= fs.ModeDir
		return f, nil
	case tar.TypeSymlink:
		f.Mode, f.Link = fs.ModeSymlink|fs.ModePerm, header.Linkname
		err = checkTarget(name, f.Link)
	case tar.TypeLink:
		f, err = linked(f, header.Linkname, all)
	default:
		err = fmt.Errorf("its type is %q: only files, directories and links can be installed", header.Typeflag)
	}
	if err != nil {
		return tree.File{}, err
	}
	return f, verifyContent(f, header.PAXRecords[checksumRecord])
}

// specialBits are the mode bits of Go for those of Unix.
var specialBits = map[int64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky}

// mode turns the permission bits of an entry into those of Go.
func mode(bits int64) (fs.FileMode, error) {
	if bits&^0o7777 != 0 {
		return 0, fmt.Errorf("its mode %#o has more than permission bits", bits)
	}
	m := fs.FileMode(bits & 0o777)
	for bit, flag := range specialBits {
		if bits&bit != 0 {
			m |= flag
		}
	}
	return m, nil
}

// linked makes f the same file as target: content, owner and mode.
func linked(f tree.File, target string, all *tree.Tree) (tree.File, error) {
	target, err := cleanPath(target, false)
	if err != nil {
		return tree.File{}, fmt.Errorf("it is a hard link: of its target, %w", err)
	}
	other, ok := all.Lookup(target)
	if !ok || !other.Mode.IsRegular() {
		return tree.File{}, fmt.Errorf("it is a hard link to %.200q: that must be a regular file that comes before it", target)
	}
	other.Path = f.Path
	return other, nil
}

// verifyContent compares a file with the checksum that its package gives.
func verifyContent(f tree.File, want string) error {
	content := f.Data
	if f.Mode.Type() == fs.ModeSymlink {
		// abuild hashes the header's field, which holds a long target in part.
		if len(f.Link) >= nameField {
			return nil
		}
		content = []byte(f.Link)
	}
	sum := sha1.Sum(content) //nolint:gosec // as imported
	if found := hex.EncodeToString(sum[:]); want != "" && found != want {
		return fmt.Errorf("its SHA-1 is %s, but the package says %.80q", found, want)
	}
	return nil
}
