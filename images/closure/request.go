package closure

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// maxScripts is how many scripts Linux lets interpret each other.
const maxScripts = 5

// expand returns the ways to all that a request asks for.
func (f *finder) expand(request string) ([][]hop, error) {
	if !fs.ValidPath(request) || request == "." {
		return nil, fmt.Errorf("request %q: it must be a path below the root without a leading slash, such as usr/sbin/nginx", request)
	}
	// What comes before the first special character may lead through links.
	special := strings.IndexAny(request, `*?[\`)
	if special < 0 {
		way, err := f.requested(request)
		return [][]hop{way}, err
	}
	fixed := strings.LastIndexByte(request[:special], '/') + 1
	pattern := request[fixed:]
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("request %q: %w", request, err)
	}
	var ways [][]hop
	for _, match := range f.matches(request[:fixed], pattern) {
		way, err := f.walk(match)
		if err != nil {
			return nil, fmt.Errorf("%s, which %s matches: %w", printable(match), printable(request), err)
		}
		if !end(way).Mode.IsDir() {
			ways = append(ways, way)
		}
	}
	if len(ways) == 0 {
		return nil, fmt.Errorf("%s matches no file of any package", printable(request))
	}
	return ways, nil
}

// requested follows one path that was asked for by name.
func (f *finder) requested(request string) ([]hop, error) {
	way, err := f.walk(request)
	var absent *absentError
	switch {
	case errors.As(err, &absent) && !absent.link:
		return nil, fmt.Errorf("%s is in no package", printable(request))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", printable(request), err)
	case end(way).Mode.IsDir():
		return nil, fmt.Errorf("%s is a directory: request the files in it, such as %s/*", printable(request), printable(request))
	}
	return way, nil
}

// matches returns the paths of everything below the directory that pattern
// matches there.
func (f *finder) matches(dir, pattern string) []string {
	below := ""
	if dir != "" {
		way, err := f.walk(dir)
		if err != nil || !end(way).Mode.IsDir() {
			return nil
		}
		below = end(way).Path + "/"
	}
	var found []string
	for file := range f.tree.All() {
		rest, ok := strings.CutPrefix(file.Path, below)
		if !ok {
			continue
		}
		if ok, err := path.Match(pattern, rest); err == nil && ok {
			found = append(found, path.Join(dir, rest))
		}
	}
	return found
}

// begin takes up a file that is to be there by itself: requested, or the
// interpreter of the script by.
func (f *finder) begin(by *loaded, way []hop) error {
	l := &loaded{file: end(way), by: by}
	if by == nil {
		f.connect("", way, "")
	} else {
		f.connect(by.file.Path, way, "interpreter")
	}
	switch data := l.file.Data; {
	case bytes.HasPrefix(data, []byte(elf.ELFMAG)):
		return f.beginELF(l)
	case bytes.HasPrefix(data, []byte("#!")) && l.file.Mode&0o111 != 0: // Linux runs no other, and mime.types may begin as it likes
		f.mark(l.file.Path, Program)
		return f.beginScript(l)
	}
	return nil
}

func (f *finder) beginELF(l *loaded) error {
	o, err := f.object(l.file)
	if err != nil {
		return fmt.Errorf("%s: %w", l, err)
	}
	switch {
	case o.kind != elf.ET_EXEC && o.kind != elf.ET_DYN:
		return nil // to a loader it is data
	case o.program:
		f.mark(l.file.Path, Program)
	default:
		f.mark(l.file.Path, Library)
	}
	l.object = o
	same := func(other *loaded) bool { return other.file.Path == l.file.Path }
	if !slices.ContainsFunc(f.programs, same) {
		f.programs = append(f.programs, l)
	}
	return nil
}

func (f *finder) beginScript(l *loaded) error {
	depth := 0
	for s := l; s != nil; s = s.by {
		if depth++; depth > maxScripts {
			return fmt.Errorf("%s: more than %d scripts interpret each other", l, maxScripts)
		}
	}
	name := shebang(l.file)
	if !path.IsAbs(name) {
		return fmt.Errorf("%s: its first line gives %q as interpreter, which is no absolute path", l, name)
	}
	way, err := f.walk(name)
	if err == nil && !end(way).Mode.IsRegular() {
		err = errors.New("it is a directory")
	}
	if err != nil {
		return fmt.Errorf("%s needs the interpreter %s: %w", l, printable(name), err)
	}
	return f.begin(l, way)
}

// shebang is the interpreter that a script names, read as Linux does: the first
// word of the first line, of which 256 bytes count.
func shebang(script tree.File) string {
	line, _, _ := bytes.Cut(script.Data[:min(len(script.Data), 256)], []byte("\n"))
	words := strings.FieldsFunc(string(line[len("#!"):]), func(r rune) bool { return r == ' ' || r == '\t' || r == 0 })
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
