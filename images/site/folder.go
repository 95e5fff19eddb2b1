// Package site turns folders of files into one more layer of an image: what a web
// server serves, and how, with compressed forms made beforehand.
//
// A folder takes the place of what the image has there, as a mount over it would:
// what only the image has is deleted by name (a whiteout for each, which is what the
// OCI image specification asks writers for; not every program that flattens images
// understands a whole folder's at once).
//
// Files are streamed. Nothing but their names is held in memory.
package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

const (
	whiteout    = ".wh."  // begins the names that delete a file of a lower layer
	huge        = 1 << 30 // bytes of a folder that are worth a note
	mostErrors  = 20      // that are said of one folder
	headerBytes = 1 << 10 // of a file, where a private key says what it is
)

// A Folder is a directory of this machine, and its place in the image. It is read
// again when a layer is made; what changes in between is an error then.
type Folder struct {
	Dir    string   // as it was named
	Target string   // in the image, without a slash in front: "usr/share/nginx/html"
	Served bool     // whether nginx serves the files as they are, so that compressed forms are of use
	Size   int64    // bytes of all regular files
	Notes  []string // what is odd for a web server, a line each

	files []file
}

// A file is one entry of a folder.
type file struct {
	name string      // below Dir, with slashes
	kind fs.FileMode // 0, fs.ModeDir or fs.ModeSymlink
	size int64
	link string
}

// Scan lists a directory. Errors name each file that cannot be in an image: what is
// neither file, folder nor link; links that leave the directory; names that are not
// printable UTF-8, or mean a deletion there; and what cannot be read.
func Scan(ctx context.Context, dir, target string, served bool) (*Folder, error) {
	f := &Folder{Dir: dir, Target: target, Served: served}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the folder %s: %w", dir, err)
	}
	defer func() { _ = root.Close() }() // only read
	var wrong []error
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case name == ".":
			return nil
		default:
			err = f.add(root, name, d)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
		if len(wrong) > mostErrors {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the folder %s: %w", dir, err)
	}
	if len(wrong) > mostErrors {
		wrong[mostErrors] = errors.New("and more")
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("the folder %s cannot be in an image:\n%w", dir, errors.Join(wrong...))
	}
	if f.Size > huge {
		f.notef("it has %.1f GB: every node that runs the image pulls and keeps them; large files are better in a volume", float64(f.Size)/1e9)
	}
	return f, nil
}

func (f *Folder) notef(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// add takes one entry in.
func (f *Folder) add(root *os.Root, name string, d fs.DirEntry) error {
	if err := checkName(name); err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	entry := file{name: name, kind: info.Mode().Type()}
	switch entry.kind {
	case 0:
		entry.size = info.Size()
		f.Size += entry.size
		err = f.peek(root, name)
	case fs.ModeDir:
	case fs.ModeSymlink:
		entry.link, err = f.follow(root, name)
	default:
		err = fmt.Errorf("%q is no file, folder or link but %v: remove it", name, entry.kind)
	}
	f.files = append(f.files, entry)
	f.judge(name)
	return err
}

// checkName refuses what a layer cannot name, and what people cannot see in a list.
func checkName(name string) error {
	base := path.Base(name)
	switch {
	case !utf8.ValidString(base):
		return fmt.Errorf("%q: the name is not UTF-8: rename it", name)
	case strings.ContainsFunc(base, unicode.IsControl):
		return fmt.Errorf("%q: the name has control characters: rename it", name)
	case strings.HasPrefix(base, whiteout):
		return fmt.Errorf("%q: a name with %q means a deleted file in a layer: rename it", name, whiteout)
	}
	return nil
}

// follow returns where a link leads, if that is in the folder.
func (f *Folder) follow(root *os.Root, name string) (string, error) {
	link, err := root.Readlink(name)
	if err != nil {
		return "", fmt.Errorf("%q: %w", name, err)
	}
	if !utf8.ValidString(link) || strings.ContainsFunc(link, unicode.IsControl) {
		return "", fmt.Errorf("%q is a link to %q, which is not printable UTF-8: remove it", name, link)
	}
	switch _, err := root.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		f.notef("%s: a link to %s, where nothing is", name, link)
	case err != nil:
		return "", fmt.Errorf("%q is a link to %q, which leaves the folder or leads nowhere "+
			"(links must be relative and stay inside): put what it leads to in its place: %w", name, link, err)
	}
	return link, nil
}

// peek finds out whether a file can be read, and whether it is a private key.
func (f *Folder) peek(root *os.Root, name string) error {
	r, err := open(root, name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	head := make([]byte, headerBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%q: %w", name, err)
	}
	if text := string(head[:n]); strings.Contains(text, "-----BEGIN ") && strings.Contains(text, "PRIVATE KEY-----") {
		f.notef("%s: a private key: whoever pulls the image has it", name)
	}
	return nil
}

// open opens a regular file, and never waits for a pipe that has taken its place.
func open(root *os.Root, name string) (*os.File, error) {
	r, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w", name, err)
	}
	info, err := r.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%q is not a regular file any more: try again when nothing changes the folder", name)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// leftovers end the names of what editors and tools leave behind.
var leftovers = []string{"~", ".bak", ".old", ".orig", ".rej", ".swp", ".swo", ".tmp"}

// judge notes what a web server should not have. What is in a hidden folder is not
// named again.
func (f *Folder) judge(name string) {
	switch leftover := func(end string) bool { return strings.HasSuffix(name, end) }; {
	case hidden(path.Dir(name)):
	case hidden(name):
		f.notef("%s: hidden files are rarely meant for the world", name)
	case slices.ContainsFunc(leftovers, leftover):
		f.notef("%s: looks like a leftover", name)
	}
}

// hidden reports whether a path has a hidden part, other than RFC 8615's.
func hidden(name string) bool {
	return name != "." && name != wellKnown && !strings.HasPrefix(name, wellKnown+"/") && strings.HasPrefix(name, ".") ||
		strings.Contains(name, "/.")
}

const wellKnown = ".well-known"

// Has reports whether the folder has a regular file, or a link, of a name.
func (f *Folder) Has(name string) bool {
	return slices.ContainsFunc(f.files, func(e file) bool { return e.name == name && e.kind != fs.ModeDir })
}

// mostConfig is how large a folder can be that is read into memory.
const mostConfig = 16 << 20

// AddTo adds the folder to a tree, in its place. It is for configurations: the files are
// read into memory.
func (f *Folder) AddTo(t *tree.Tree) error {
	if f.Size > mostConfig {
		return fmt.Errorf("the folder %s has %d bytes: a configuration can have %d", f.Dir, f.Size, mostConfig)
	}
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return fmt.Errorf("reading the folder %s: %w", f.Dir, err)
	}
	defer func() { _ = root.Close() }() // only read
	for _, e := range f.files {
		entry := tree.File{
			Path: path.Join(f.Target, e.name), Mode: modes[e.kind], Link: e.link,
			Origin: tree.Origin{Component: "site", Path: filepath.Join(f.Dir, e.name)},
		}
		if e.kind == 0 {
			if entry.Data, err = readAll(root, e); err != nil {
				return fmt.Errorf("reading the folder %s: %w", f.Dir, err)
			}
		}
		if err := t.Add(entry); err != nil {
			return err
		}
	}
	return nil
}

func readAll(root *os.Root, e file) ([]byte, error) {
	r, err := open(root, e.name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(r, e.size+1))
	if err == nil && int64(len(data)) != e.size {
		err = fmt.Errorf("%q: %w", e.name, errChanged)
	}
	return data, err
}
