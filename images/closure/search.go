package closure

import (
	"debug/elf"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
)

// defaults are where musl looks without a file that says otherwise.
var defaults = []string{"/lib", "/usr/local/lib", "/usr/lib"}

// found is an object that a loader opened.
type found struct {
	name   string // the absolute path that it opened
	way    []hop  // where that leads
	object *object
}

// An unsuitableError says why what is at a path cannot be meant. A search goes on.
type unsuitableError string

func (e unsuitableError) Error() string { return string(e) }

// open finds the object at an absolute path.
func (p *process) open(name string) (found, error) {
	if !path.IsAbs(name) {
		return found{}, errors.New("it is no absolute path, so it depends on where the program is started")
	}
	way, err := p.walk(name)
	if err != nil {
		return found{}, err
	}
	if end(way).Mode.IsDir() {
		return found{}, unsuitableError("it is a directory")
	}
	o, err := p.object(end(way))
	switch {
	case err != nil:
		return found{}, err
	case o.abi != p.abi:
		return found{}, unsuitableError(fmt.Sprintf("it is for %v, not for %v", o.abi, p.abi))
	case o.kind != elf.ET_EXEC && o.kind != elf.ET_DYN:
		return found{}, fmt.Errorf("it is no shared object but %v", o.kind)
	}
	return found{name, way, o}, nil
}

// locate finds the library that l names.
func (p *process) locate(l *loaded, name string) (found, error) {
	if name == "" {
		return found{}, errors.New("the name is empty")
	}
	if strings.Contains(name, "/") {
		return p.open(name)
	}
	if at, ok := p.byName[name]; ok {
		return at, nil
	}
	at, err := p.search(l, name)
	if err == nil {
		p.byName[name] = at
	}
	return at, err
}

// search looks for a name without a slash wherever a loader would for l.
func (p *process) search(l *loaded, name string) (found, error) {
	system, err := p.systemDirs()
	if err != nil {
		return found{}, err
	}
	var tried, notes []string
	for dir := range searched(l, system) {
		at, err := p.open(dir + "/" + name)
		var missing *absentError
		var unsuitable unsuitableError
		switch {
		case err == nil:
			return at, nil
		case errors.As(err, &missing) && !missing.link: // what is to be expected of most directories
		case errors.As(err, &missing), errors.As(err, &unsuitable):
			notes = mention(notes, fmt.Sprintf("%s: %v", printable(relative(dir+"/"+name)), err))
		default:
			return found{}, fmt.Errorf("%s: %w", printable(relative(dir+"/"+name)), err)
		}
		tried = mention(tried, printable(relative(dir)))
	}
	if at, ok := p.bySoname(name); ok {
		return at, nil
	}
	return found{}, notFound(tried, notes)
}

// mention adds to what a message lists, each once and not without end.
func mention(list []string, s string) []string {
	const many = 20
	if slices.Contains(list, s) || len(list) > many {
		return list
	}
	if len(list) == many {
		s = "and more"
	}
	return append(list, s)
}

// searched gives the absolute directories to look in for what l needs.
func searched(l *loaded, system []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; l != nil; l = l.by {
			for _, dir := range l.dirs {
				if !yield(dir) {
					return
				}
			}
		}
		for _, dir := range system {
			if !yield(dir) {
				return
			}
		}
	}
}

func notFound(tried, notes []string) error {
	if len(tried) == 0 {
		return errors.New("there is no directory to look in")
	}
	text := "it is in none of " + strings.Join(tried, ", ")
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	return errors.New(text)
}

// bySoname is what loaders other than musl's do: a loaded object answers to the
// name that it gives itself. musl's loader fails where a search finds nothing.
func (p *process) bySoname(name string) (found, bool) {
	if p.isMusl() {
		return found{}, false
	}
	for _, l := range p.queue {
		if l.object.soname == name {
			return found{"/" + l.file.Path, []hop{{file: l.file}}, l.object}, true
		}
	}
	return found{}, false
}

// systemDirs are the absolute directories to look in for every object.
func (p *process) systemDirs() ([]string, error) {
	if p.system != nil {
		return p.system, nil
	}
	p.system = defaults
	if !p.isMusl() {
		return p.system, nil
	}
	name := path.Join(path.Dir(path.Dir(p.interpreter.name)), "etc", "ld-musl-"+p.interpreter.arch+".path")
	way, err := p.walk(name)
	var missing *absentError
	switch {
	case errors.As(err, &missing) && !missing.link:
		return p.system, nil
	case err == nil && end(way).Mode.IsDir():
		err = unsuitableError("it is a directory")
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", printable(relative(name)), err)
	}
	p.connect(p.interpreter.file.Path, way, "search path")
	content, _, _ := strings.Cut(string(end(way).Data), "\x00")
	p.system = append([]string{}, split(content)...) // an empty file leaves nothing to look in
	return p.system, nil
}

// runpath is the absolute directories of a DT_RUNPATH, in which $ORIGIN stands
// for the directory that the object was found in. As with musl there are none
// where anything else begins with $.
func runpath(written, origin string) []string {
	if strings.Count(written, "$") != strings.Count(written, "$ORIGIN")+strings.Count(written, "${ORIGIN}") {
		return nil
	}
	return split(strings.NewReplacer("${ORIGIN}", origin, "$ORIGIN", origin).Replace(written))
}

// split is the absolute directories of a search path. What is in relative ones
// depends on where the program is started.
func split(searchPath string) []string {
	dirs := strings.FieldsFunc(searchPath, func(r rune) bool { return r == ':' || r == '\n' })
	return slices.DeleteFunc(dirs, func(dir string) bool { return !path.IsAbs(dir) })
}

// relative writes an absolute path as trees do.
func relative(name string) string { return strings.TrimPrefix(path.Clean(name), "/") }
