package closure

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// maxObjects is how many objects one process may load.
const maxObjects = 500

// A loaded file is one that a process begins with or loads.
type loaded struct {
	file   tree.File
	by     *loaded  // who needed it first; nil for what was requested
	object *object  // nil for a script
	dirs   []string // of its DT_RUNPATH, absolute
}

// String is the chain that led to the file: "usr/sbin/nginx (nginx) needs
// usr/lib/libssl.so.3 (libssl3)".
func (l *loaded) String() string {
	name := fmt.Sprintf("%s (%s)", printable(l.file.Path), packageName(l.file.Origin.Component))
	if l.by == nil {
		return name
	}
	return l.by.String() + " needs " + name
}

// object parses an ELF file once.
func (f *finder) object(file tree.File) (*object, error) {
	if o, ok := f.objects[file.Path]; ok {
		return o, nil
	}
	o, err := parse(file.Data)
	if err != nil {
		return nil, fmt.Errorf("reading its ELF headers: %w", err)
	}
	f.objects[file.Path] = o
	return o, nil
}

// An interpreter is the dynamic loader of a process.
type interpreter struct {
	name string // absolute, as the program has it
	file tree.File
	arch string // ARCH where name is /lib/ld-musl-ARCH.so.1; empty for another loader than musl's
}

// A process is a program, or a module alone, and what is loaded with it.
type process struct {
	*finder
	abi         abi
	interpreter *interpreter // nil for a module where no program says which
	queue       []*loaded
	byPath      map[string]*loaded
	byName      map[string]found // what a search has found
	system      []string         // absolute directories for all objects; nil until they are needed
}

// run adds all that a loader would load for root, in its order: the libraries
// that root needs, then those that they need.
func (f *finder) run(root *loaded) error {
	p := &process{finder: f, abi: root.object.abi, byPath: map[string]*loaded{}, byName: map[string]found{}}
	if err := p.load(root, "/"+root.file.Path); err != nil {
		return err
	}
	if err := p.interpret(root); err != nil {
		return err
	}
	for done := 0; done < len(p.queue); {
		batch := p.queue[done:]
		done = len(p.queue)
		for _, l := range batch {
			for _, name := range l.object.needed {
				if err := p.need(l, name); err != nil {
					return fmt.Errorf("%s needs %s: %w", l, printable(name), err)
				}
			}
		}
	}
	return nil
}

// load adds an object, which was found at the absolute path name, to the process.
func (p *process) load(l *loaded, name string) error {
	if len(p.queue) == maxObjects {
		return fmt.Errorf("it is one more than the %d objects that one process may load", maxObjects)
	}
	l.dirs = runpath(l.object.runpath, path.Dir(name))
	p.byPath[l.file.Path] = l
	p.queue = append(p.queue, l)
	return nil
}

// interpret loads what the program names as its interpreter.
func (p *process) interpret(root *loaded) error {
	name := root.object.interpreter
	if name == "" {
		p.interpreter = p.interpreters[p.abi]
		return nil
	}
	at, err := p.open(name)
	if err != nil {
		return fmt.Errorf("%s needs the interpreter %s: %w", root, printable(name), err)
	}
	file := end(at.way)
	p.connect(root.file.Path, at.way, "interpreter")
	p.mark(file.Path, Interpreter)
	p.interpreter = &interpreter{name, file, muslArch(name)}
	if p.interpreters[p.abi] == nil {
		p.interpreters[p.abi] = p.interpreter
	}
	return p.load(&loaded{file: file, by: root, object: at.object}, name)
}

// need finds one library that an object names, and loads it if it is not there.
func (p *process) need(l *loaded, name string) error {
	why := "needed " + name
	at, err := p.locate(l, name)
	if p.isReserved(name) {
		// musl opens no file of such a name: only a link to musl itself, as
		// Alpine has it, is worth taking along.
		way := []hop{{file: p.interpreter.file}}
		if err == nil && end(at.way).Path == p.interpreter.file.Path {
			way = at.way
		}
		p.connect(l.file.Path, way, why)
		return nil
	}
	if err != nil {
		return err
	}
	file := end(at.way)
	p.connect(l.file.Path, at.way, why)
	if p.byPath[file.Path] != nil {
		return nil
	}
	p.mark(file.Path, Library)
	return p.load(&loaded{file: file, by: l, object: at.object}, at.name)
}

// isMusl says whether the loader is musl's.
func (p *process) isMusl() bool { return p.interpreter != nil && p.interpreter.arch != "" }

// isReserved says whether the loader takes the name of a library for itself.
func (p *process) isReserved(name string) bool {
	stem, _, ok := strings.Cut(name, ".")
	return ok && p.isMusl() &&
		slices.Contains([]string{"libc", "libpthread", "librt", "libm", "libdl", "libutil", "libxnet"}, stem)
}

// muslArch is ARCH of an interpreter /lib/ld-musl-ARCH.so.1.
func muslArch(interpreter string) string {
	arch, begins := strings.CutPrefix(path.Base(interpreter), "ld-musl-")
	arch, ends := strings.CutSuffix(arch, ".so.1")
	if !begins || !ends {
		return ""
	}
	return arch
}
