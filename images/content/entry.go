package content

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// How a layer says that something below it is gone.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"

	maxPath = 1024 // bytes
	// maxRemovals is how often layers may remove something: each is looked for in all files.
	maxRemovals = 1000
)

// entry puts one entry in its place. own are the paths of the layer itself.
func (u *unpacker) entry(h *tar.Header, data io.Reader, own map[string]bool) error {
	name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
	if name == "" || name == "." {
		return nil // the root itself
	}
	if !fs.ValidPath(name) || len(name) > maxPath || strings.ContainsRune(name, 0) {
		return errors.New("it is no path below the root")
	}
	if err := u.parents(name); err != nil {
		return err
	}
	dir, base := path.Split(name)
	if base == opaque {
		return u.remove(strings.TrimSuffix(dir, "/"), false, own)
	}
	if gone, ok := strings.CutPrefix(base, whiteout); ok {
		return u.remove(dir+gone, true, own)
	}
	f, err := u.file(h, name, data)
	if err != nil {
		return err
	}
	if there, ok := u.files[name]; ok && there.Mode.IsDir() && !f.Mode.IsDir() {
		if err := u.remove(name, true, nil); err != nil {
			return err
		}
	}
	u.files[name], own[name] = f, true
	return nil
}

// parents refuses a path through something that is no folder: what it leads to
// depends on who unpacks it.
func (u *unpacker) parents(name string) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if f, ok := u.files[dir]; ok && !f.Mode.IsDir() {
			return fmt.Errorf("%q is no folder, but something is in it", printable(dir))
		}
	}
	return nil
}

// remove takes a path out, or only what is below it, but nothing that is in keep.
func (u *unpacker) remove(name string, itself bool, keep map[string]bool) error {
	if u.removals++; u.removals > maxRemovals {
		return fmt.Errorf("layers remove more than %d paths", maxRemovals)
	}
	for p := range u.files {
		if (itself && p == name || name == "" || strings.HasPrefix(p, name+"/")) && !keep[p] {
			delete(u.files, p)
		}
	}
	return nil
}

func (u *unpacker) file(h *tar.Header, name string, data io.Reader) (File, error) {
	f := File{
		Path: name, Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid, ModTime: h.ModTime.Unix(), Attributes: attributes(h),
	}
	switch h.Typeflag {
	case tar.TypeReg:
		return f, u.read(&f, h.Size, data)
	case tar.TypeLink:
		target := strings.TrimPrefix(path.Clean(h.Linkname), "/")
		to, ok := u.files[target]
		if !ok || !to.Mode.IsRegular() {
			return f, fmt.Errorf("it is the same file as %q, which is not there", printable(h.Linkname))
		}
		to.Path = name
		return to, nil
	case tar.TypeSymlink:
		f.Link = h.Linkname
	case tar.TypeDir:
	case tar.TypeChar, tar.TypeBlock:
		f.Attributes = strings.TrimSpace(f.Attributes + fmt.Sprintf(" %d:%d", h.Devmajor, h.Devminor))
	case tar.TypeFifo:
	default:
		return f, fmt.Errorf("its type %q is none of a file", h.Typeflag)
	}
	return f, nil
}

// read hashes a regular file, and keeps it if there is room.
func (u *unpacker) read(f *File, size int64, data io.Reader) error {
	sum := sha256.New()
	var kept bytes.Buffer
	to := io.Writer(sum)
	keep := size <= u.limits.Kept-u.kept
	if keep {
		to = io.MultiWriter(sum, &kept)
	}
	n, err := io.Copy(to, data)
	if err != nil {
		return err
	}
	f.Size, f.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	if keep {
		u.kept += n
		f.Data = append([]byte{}, kept.Bytes()...)
	}
	return nil
}

// attributes are the extended ones, some of which give rights.
func attributes(h *tar.Header) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(h.PAXRecords)) {
		if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
			all = append(all, strconv.Quote(name+"="+h.PAXRecords[key]))
		}
	}
	return strings.Join(all, " ")
}

// printable is a name from an image, which must not steer a terminal, and not too
// long to be read.
func printable(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}
