package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// compiled is the origin of images whose files are compiled from source.
type compiled struct {
	*builder

	built map[string]built // by platform
}

// built is what is compiled for one platform, and where.
type built struct {
	place    place
	compiler *compile.Compiler
	nginx    compile.Entry
	entry    compile.Entry // where the definition asks for one
}

// prepare compiles for one platform after the other, once it is known that it
// can be done for all of them.
func (o *compiled) prepare(ctx context.Context, platforms []string) error {
	places, err := o.choose(ctx)
	if err != nil {
		return err
	}
	o.built = map[string]built{}
	for _, platform := range platforms {
		p := built{place: places[platform]}
		if p.compiler, err = o.compilerFor(platform, p.place); err != nil {
			return err
		}
		o.built[platform] = p
	}
	for _, platform := range platforms {
		p := o.built[platform]
		if o.definition.Image.Entry != "" {
			if p.entry, err = p.compiler.Component(ctx, recipe.Entry); err != nil {
				return err
			}
		}
		if p.nginx, err = p.compiler.Component(ctx, "nginx"); err != nil {
			return err
		}
		o.built[platform] = p
	}
	return nil
}

func (o *compiled) compilerFor(platform string, at place) (*compile.Compiler, error) {
	plan, err := recipe.Plan(o.definition, o.lock, path.Base(platform), recipe.Toolchain{
		ID: at.toolchain.ID, GCC: at.toolchain.GCC, Headers: at.toolchain.Headers,
		Prefix: at.toolchain.Prefix, Emulator: at.toolchain.Emulator,
	})
	if err != nil {
		return nil, err
	}
	fetcher, err := NewFetcher(o.Env, o.out)
	if err != nil {
		return nil, err
	}
	c := &compile.Compiler{
		Dir: fetcher.Cache, Definition: o.definition, Lock: o.lock, Plan: plan, Root: at.root,
		Path: fetcher.Path, Fetch: fetcher.Fetch, Run: base.Run, Jobs: o.Jobs, Keep: o.Keep, Progress: o.out,
	}
	if len(o.Platforms) > 1 || platform != hostPlatform() {
		c.Platform = platform
	}
	return c, nil
}

// fill adds what nginx has installed, and the entry.
func (o *compiled) fill(_ context.Context, platform string, t *tree.Tree) error {
	p := o.built[platform]
	for _, m := range o.definition.Install {
		mode := fs.FileMode(0o644)
		if m.To == o.definition.Image.Binary {
			mode = 0o755
		}
		if err := add(t, m.To, mode, p.nginx, m.From, tree.Origin{Component: "nginx", Path: m.From}); err != nil {
			return err
		}
	}
	if o.definition.Image.Entry == "" {
		return nil
	}
	return add(t, o.definition.Image.Entry, 0o755, p.entry, recipe.Entry, entryOrigin)
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

// made adds the compilers, their flags and the sources; and the packages that the
// compiler is from, where it is not this machine's.
func (o *compiled) made(record *attest.Build) error {
	record.Flags = o.flags()
	record.Base = BaseHost
	for _, platform := range o.Platforms {
		tc := o.built[platform].place.toolchain
		record.Toolchains = append(record.Toolchains, attest.Toolchain{Platform: platform, ID: tc.ID, Version: tc.Version})
	}
	record.Inputs = append(record.Inputs, sourceInputs(o.definition, o.lock)...)
	if o.built[hostPlatform()].place.root == "" {
		return nil
	}
	record.Base = BaseAlpine
	client, want, err := o.lockedBase()
	record.Inputs = append(record.Inputs, packageInputs(client.Alpine, []images.LockedPlatform{want}, "toolchain")...)
	return err
}

// flags are those that the compilers were given: for all components, and what
// some platforms and components have besides.
func (o *compiled) flags() map[string][]string {
	d := o.definition
	all := map[string][]string{"link": d.Flags.Link, "compile": d.Flags.Compile}
	for _, platform := range o.Platforms {
		flags := slices.Clone(d.Flags.Arch[path.Base(platform)])
		for _, since := range slices.Sorted(maps.Keys(d.Flags.Since)) {
			if o.built[platform].place.toolchain.GCC >= since {
				flags = append(flags, d.Flags.Since[since]...)
			}
		}
		if len(flags) > 0 {
			all["compile/"+platform] = flags
		}
	}
	for _, c := range d.Components {
		if len(c.Flags) > 0 {
			all["compile/"+c.Name] = c.Flags
		}
		if len(c.Hot.Flags) > 0 {
			all["hot/"+c.Name] = c.Hot.Flags
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
