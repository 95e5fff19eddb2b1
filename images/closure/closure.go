// Package closure finds which files of a set of packages a program needs to
// run: its interpreter, the libraries that a loader would load, and every
// symbolic link on the way. It reads the files as data, so it answers for any
// architecture on any host.
package closure

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// A Kind says what a file is for.
type Kind string

// The kinds of files.
const (
	Program     Kind = "program"     // an ELF program or a script, requested or run by a script
	Library     Kind = "library"     // a shared object
	Interpreter Kind = "interpreter" // the dynamic loader of a program
	Link        Kind = "link"        // a symbolic link
	Data        Kind = "data"        // anything else
)

// A Node is one file of a Graph.
type Node struct {
	Path    string // as tree.File has it
	Package string // empty where the file has no origin
	Size    int64  // bytes; 0 for a link
	Kind    Kind
}

// An Edge says that a file needs another.
type Edge struct {
	From, To string // paths
	// Why is "needed libssl.so.3" with the name that From gives, "interpreter",
	// "link" (From leads to To, or needs a path that leads through To), or
	// "search path" (the loader From reads in To where libraries are).
	Why string
}

// A Graph is the files that some requests need, and why.
type Graph struct {
	Nodes []Node   // sorted by path
	Edges []Edge   // sorted by From, To, Why
	Roots []string // sorted paths of what was requested; a pattern gives many

	files map[string]tree.File
}

// Files returns what an image must have, sorted by path: regular files and
// symbolic links, without the directories they are in.
func (g *Graph) Files() []tree.File {
	return slices.SortedFunc(maps.Values(g.files), func(a, b tree.File) int { return cmp.Compare(a.Path, b.Path) })
}

// maxSteps bounds the path lookups of one Find: a package could name so many
// libraries and directories to look in that it would take days.
const maxSteps = 1 << 20

// finder is the state of one Find.
type finder struct {
	tree         *tree.Tree
	steps        int // lookups so far
	files        map[string]tree.File
	kinds        map[string]Kind // of files that are not Data
	edges        map[Edge]bool
	roots        map[string]bool
	objects      map[string]*object   // parsed, by path
	programs     []*loaded            // ELF files that a process begins with
	interpreters map[abi]*interpreter // the first found for each architecture
}

// Find returns the requested files of all and those they need. A request is a
// path as all has it or a pattern (path.Match) of such paths. Directories are
// refused, and passed over where a pattern matches them.
//
// Libraries are searched as musl's loader does: in DT_RUNPATH, or else DT_RPATH,
// of the object that needs one and of those that needed the object, then where
// etc/ld-musl-ARCH.path says, and without that file in lib, usr/local/lib and
// usr/lib. An object of another architecture than the program is passed over.
//
// Errors name the chain from a request to the file that lacks something.
func Find(all *tree.Tree, requests []string) (*Graph, error) {
	f := &finder{
		tree: all, files: map[string]tree.File{}, kinds: map[string]Kind{}, edges: map[Edge]bool{}, roots: map[string]bool{},
		objects: map[string]*object{}, interpreters: map[abi]*interpreter{},
	}
	if err := f.find(requests); err != nil {
		return nil, fmt.Errorf("closure: %w", err)
	}
	return f.graph(), nil
}

func (f *finder) find(requests []string) error {
	for _, request := range slices.Sorted(slices.Values(requests)) {
		ways, err := f.expand(request)
		if err != nil {
			return err
		}
		for _, way := range ways {
			if err := f.begin(nil, way); err != nil {
				return err
			}
		}
	}
	// What a program will load while it runs has no interpreter of its own, and
	// is searched with that of the programs.
	isModule := func(l *loaded) int {
		if l.object.interpreter == "" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(f.programs, func(a, b *loaded) int { return cmp.Compare(isModule(a), isModule(b)) })
	for _, l := range f.programs {
		if err := f.run(l); err != nil {
			return err
		}
	}
	return nil
}

// connect puts a way into the graph: from needs, for the reason why, the first
// file of it. Without from the way was requested.
func (f *finder) connect(from string, way []hop, why string) {
	add := func(file tree.File, why string) {
		f.files[file.Path] = file
		if from == "" {
			f.roots[file.Path] = true
		} else {
			f.edges[Edge{from, file.Path, why}] = true
		}
	}
	for _, h := range way {
		for _, link := range h.through {
			add(link, "link")
		}
		add(h.file, why)
		from, why = h.file.Path, "link"
	}
}

// mark says what a file is. Of several things it is the first in the order below.
func (f *finder) mark(path string, kind Kind) {
	old := f.kinds[path]
	for _, k := range []Kind{Interpreter, Program, Library} {
		if old == k || kind == k {
			f.kinds[path] = k
			return
		}
	}
}

func (f *finder) graph() *Graph {
	g := &Graph{files: f.files, Roots: slices.Sorted(maps.Keys(f.roots))}
	for _, file := range g.Files() {
		n := Node{file.Path, file.Origin.Component, int64(len(file.Data)), cmp.Or(f.kinds[file.Path], Data)}
		if file.Mode.Type() == fs.ModeSymlink {
			n.Kind = Link
		}
		g.Nodes = append(g.Nodes, n)
	}
	g.Edges = slices.SortedFunc(maps.Keys(f.edges), func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Why, b.Why))
	})
	return g
}
