package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/size"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// compiled is the origin of images whose files are compiled from source.
type compiled struct {
	*builder
	place    place
	compiler *compile.Compiler
	nginx    compile.Entry
	entry    compile.Entry // where the definition asks for one
}

func (o *compiled) prepare(ctx context.Context, _ []string) error {
	place, err := o.choose(ctx)
	if err != nil {
		return err
	}
	o.place = place
	plan, err := recipe.Plan(o.definition, o.lock, runtime.GOARCH, recipe.Toolchain{
		ID: place.toolchain.ID, GCC: place.toolchain.GCC, Headers: place.toolchain.Headers,
	})
	if err != nil {
		return err
	}
	fetcher, err := NewFetcher(o.Env, o.out)
	if err != nil {
		return err
	}
	o.compiler = &compile.Compiler{
		Dir: fetcher.Cache, Definition: o.definition, Lock: o.lock, Plan: plan, Root: place.root,
		Path: fetcher.Path, Fetch: fetcher.Fetch, Run: base.Run, Jobs: o.Jobs, Keep: o.Keep, Progress: o.out,
	}
	if o.definition.Image.Entry != "" {
		if o.entry, err = o.compiler.Component(ctx, recipe.Entry); err != nil {
			return err
		}
	}
	o.nginx, err = o.compiler.Component(ctx, "nginx")
	return err
}

// fill adds what nginx has installed, and the entry.
func (o *compiled) fill(_ context.Context, _ string, t *tree.Tree) error {
	for _, m := range o.definition.Install {
		mode := fs.FileMode(0o644)
		if m.To == o.definition.Image.Binary {
			mode = 0o755
		}
		if err := add(t, m.To, mode, o.nginx, m.From, tree.Origin{Component: "nginx", Path: m.From}); err != nil {
			return err
		}
	}
	if o.definition.Image.Entry == "" {
		return nil
	}
	return add(t, o.definition.Image.Entry, 0o755, o.entry, recipe.Entry, entryOrigin)
}

// entryOrigin is of the program whose source is the project's own.
var entryOrigin = tree.Origin{Component: project, Path: "images/recipe/entry"}

// add puts what a component has installed as name at a path of the tree.
func add(t *tree.Tree, to string, mode fs.FileMode, from compile.Entry, name string, origin tree.Origin) error {
	data, err := os.ReadFile(from.Path(name))
	if err != nil {
		return fmt.Errorf("reading what %s has installed: %w", origin.Component, err)
	}
	return t.Add(tree.File{Path: to, Mode: mode, Data: data, Origin: origin})
}

// contents lists the components. Linked into one program, they share its bytes
// by what its symbols say.
func (o *compiled) contents(_ string, t *tree.Tree) []row {
	var rest, licenses int64
	for f := range t.All() {
		switch {
		case strings.HasPrefix(f.Path, licenseFolder+"/"):
			licenses += int64(len(f.Data))
		case f.Origin.Component != project:
			rest += int64(len(f.Data))
		}
	}
	linked := o.linked()
	var rows []row
	for _, c := range o.lock.Components {
		rows = append(rows, row{c.Name, c.Revision(), linked[c.Name]})
		rest -= linked[c.Name]
	}
	return append(rows, row{"headers, strings, padding", "", rest}, row{"licenses", "", licenses})
}

// linked is an estimate to look at. Where it cannot be made, because the
// libraries have left the cache, all bytes stay with the program.
func (o *compiled) linked() map[string]int64 {
	libraries := map[string][]string{}
	for _, c := range o.lock.Components {
		paths, err := filepath.Glob(filepath.Join(o.compiler.Installed(c.Name), "lib", "*.a"))
		if err != nil || c.Name != "nginx" && len(paths) == 0 {
			return nil
		}
		libraries[c.Name] = paths
	}
	sizes, err := size.Attribute(o.nginx.Path("sbin/nginx.symbols"), "nginx", libraries)
	if err != nil {
		o.out.Note(fmt.Sprintf("the sizes of the components are not known: %v", err))
	}
	return sizes
}

func (o *compiled) version(string) (version, revision string) {
	nginx, _ := o.lock.Component("nginx")
	return nginx.Version, nginx.Revision()
}

// inputs are the archives of the lock, for any platform.
func (o *compiled) inputs(ctx context.Context, _ []string) ([]bundle.Item, error) {
	fetcher, err := NewFetcher(o.Env, o.out)
	if err != nil {
		return nil, err
	}
	return o.items(fetcher), fetcher.Fetch(ctx, o.archives())
}

func (o *compiled) archives() (all []images.Input) {
	for _, c := range o.lock.Components {
		all = append(all, c.Inputs()...)
	}
	return all
}

// made adds the compiler, its flags and the sources; and the packages that the
// compiler is from, where it is not this machine's.
func (o *compiled) made(record *attest.Build) error {
	record.Flags = o.flags()
	record.Base = BaseHost
	record.Toolchain = &attest.Toolchain{ID: o.place.toolchain.ID, Version: o.place.toolchain.Version}
	record.Inputs = append(record.Inputs, sourceInputs(o.definition, o.lock)...)
	if o.place.root == "" {
		return nil
	}
	record.Base = BaseAlpine
	client, want, err := o.lockedBase()
	record.Inputs = append(record.Inputs, packageInputs(client.Alpine, []images.LockedPlatform{want}, "toolchain")...)
	return err
}

// flags are those that this compiler was given: for all components, and what some
// have besides.
func (o *compiled) flags() map[string][]string {
	d := o.definition
	all := map[string][]string{"link": d.Flags.Link, "compile": slices.Concat(d.Flags.Compile, d.Flags.Arch[runtime.GOARCH])}
	for _, since := range slices.Sorted(maps.Keys(d.Flags.Since)) {
		if o.place.toolchain.GCC >= since {
			all["compile"] = append(all["compile"], d.Flags.Since[since]...)
		}
	}
	for _, c := range d.Components {
		if len(c.Flags) > 0 {
			all["compile/"+c.Name] = c.Flags
		}
	}
	return all
}

func (o *compiled) items(fetcher Fetcher) (items []bundle.Item) {
	for _, in := range o.archives() {
		items = append(items, bundle.Item{Name: in.File, SHA256: in.SHA256, Size: in.Size, Path: fetcher.Path(in)})
	}
	return items
}

// keep writes the archives to a bundle. Where some have left the cache, because
// what they are compiled to is there, none is fetched only for this.
func (o *compiled) keep() error {
	fetcher, err := NewFetcher(o.Env, o.out)
	if err != nil {
		return err
	}
	items := o.items(fetcher)
	i := slices.IndexFunc(items, func(it bundle.Item) bool {
		info, err := os.Stat(it.Path)
		return err != nil || info.Size() != it.Size
	})
	if i >= 0 {
		o.out.Note(fmt.Sprintf("%s is not written: %s has left the cache", inputsFolder, items[i].Name))
		return nil
	}
	return o.keepItems(items)
}
