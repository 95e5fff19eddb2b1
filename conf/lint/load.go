package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
)

// What one configuration may consist of, includes counted as often as they are read: a
// few lines that include each other would otherwise become any size.
const (
	maxFiles = 2000
	maxBytes = 16 << 20
)

// A loader reads a configuration with all that it includes.
type loader struct {
	fsys     fs.FS
	prefix   string // where nginx has the configuration: /etc/nginx
	root     string // the same place in fsys
	image    fs.FS  // what the image has in that place, or nil
	files    int
	bytes    int
	stack    []string             // the files that are being included, outermost first
	comments map[string][]comment // of each file that was read
	findings []Finding
	broken   bool // nginx would not start: what is read is not all
}

// load reads a file into the block of a directive.
func (l *loader) load(name string, into *directive) error {
	src, err := l.read(name)
	if err != nil {
		return err
	}
	before := len(into.block)
	comments, err := parse(name, src, into)
	l.comments[name] = comments
	if wrong, ok := err.(*syntaxError); ok { //nolint:errorlint // parse returns no other, and never wraps it
		l.broken = true
		l.report(name, wrong.line, syntaxRule, wrong.text)
	}
	l.stack = append(l.stack, name)
	l.expand(into, before)
	l.stack = l.stack[:len(l.stack)-1]
	return nil
}

// read returns the text of a file, within the limits.
func (l *loader) read(name string) (string, error) {
	if l.files++; l.files > 2*maxFiles {
		return "", fmt.Errorf("the configuration includes more than %d files", maxFiles)
	}
	fsys, place := l.fsys, name
	info, err := fs.Stat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) && l.image != nil && len(l.stack) > 0 {
		fsys, place = l.image, l.shipped(name)
		info, err = fs.Stat(fsys, place)
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", name)
	}
	if info.Size() > int64(maxBytes-l.bytes) {
		return "", fmt.Errorf("the configuration is larger than %d bytes with %s", maxBytes, name)
	}
	src, err := fs.ReadFile(fsys, place)
	l.bytes += len(src)
	return string(src), err
}

// shipped is where the image has a file of the given place in fsys.
func (l *loader) shipped(name string) string {
	if l.root == "." {
		return name
	}
	return strings.TrimPrefix(name, l.root+"/")
}

// expand puts what is included in the place of each include, from the given place of a
// block on.
func (l *loader) expand(d *directive, from int) {
	written := d.block[from:]
	d.block = d.block[:from:from]
	for _, child := range written {
		switch {
		case child.name == "include" && len(child.args) == 1 && !child.opens:
			l.include(child)
		case child.opens:
			d.block = append(d.block, child)
			l.expand(child, 0)
		default:
			d.block = append(d.block, child)
		}
	}
}

// include reads what an include names into the block that it stands in.
func (l *loader) include(d *directive) {
	if len(l.stack) >= maxDepth {
		l.report(d.file, d.line, includeRule, fmt.Sprintf("files include each other deeper than %d", maxDepth))
		return
	}
	// Patterns cost time even if they match nothing.
	if l.files++; l.files > maxFiles {
		l.report(d.file, d.line, includeRule, fmt.Sprintf("the configuration includes more than %d files", maxFiles))
		return
	}
	name, ok := l.place(d.args[0])
	if !ok {
		l.report(d.file, d.line, outsideRule, clip(d.args[0])+" is outside "+l.prefix+": what it holds was not judged")
		return
	}
	names := []string{name}
	if strings.ContainsAny(name, "*?[") {
		var err error
		if names, err = l.glob(name); err != nil {
			l.report(d.file, d.line, includeRule, "the pattern "+clip(d.args[0])+" is malformed: "+err.Error())
		}
	}
	for _, name := range names {
		if at := slices.Index(l.stack, name); at >= 0 {
			l.report(d.file, d.line, includeRule, "includes itself without end: "+strings.Join(append(slices.Clone(l.stack[at:]), name), " > "))
			continue
		}
		if err := l.load(name, d.parent); err != nil {
			l.report(d.file, d.line, includeRule, fmt.Sprintf("%s cannot be read: %v", clip(d.args[0]), err))
		}
	}
}

// place is where in fsys a file is that nginx knows by the given name.
func (l *loader) place(name string) (string, bool) {
	if rest, absolute := strings.CutPrefix(path.Clean("/"+name), strings.TrimSuffix(l.prefix, "/")+"/"); absolute && path.IsAbs(name) {
		name = rest
	} else if path.IsAbs(name) {
		return "", false
	}
	name = path.Join(l.root, name)
	return name, fs.ValidPath(name)
}

// glob returns what a pattern matches, sorted, without hidden files, as glob(3) does.
func (l *loader) glob(pattern string) ([]string, error) {
	if strings.Count(pattern, "*") > 8 || strings.Count(pattern, "/") > maxDepth {
		return nil, fmt.Errorf("it has more than 8 stars or %d folders", maxDepth)
	}
	names, err := fs.Glob(l.fsys, pattern)
	names = slices.DeleteFunc(names, func(name string) bool {
		return strings.HasPrefix(path.Base(name), ".") && !strings.HasPrefix(path.Base(pattern), ".")
	})
	slices.Sort(names)
	return names, err
}

func (l *loader) report(file string, line int, rule *Rule, message string) {
	l.findings = append(l.findings, Finding{file, line, rule.Severity, rule.ID, plain(message)})
}

// plain makes a message safe for a terminal: names of files and what an error quotes
// may hold anything.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(s, "?"))
}

// clip shortens what is quoted in a message: words may be of 4 KB and of any bytes.
func clip(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return fmt.Sprintf("%q", s)
}
