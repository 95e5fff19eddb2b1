package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/size"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// compiled is the origin of images whose files are compiled from source.
type compiled struct {
	*builder
	compiler *compile.Compiler
	nginx    compile.Entry
}

func (o *compiled) prepare(ctx context.Context, _ []string) error {
	place, err := o.place(ctx)
	if err != nil {
		return err
	}
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
	o.nginx, err = o.compiler.Component(ctx, "nginx")
	return err
}

// fill adds what nginx has installed.
func (o *compiled) fill(_ context.Context, _ string, t *tree.Tree) error {
	for _, m := range o.definition.Install {
		data, err := os.ReadFile(o.nginx.Path(m.From))
		if err != nil {
			return fmt.Errorf("reading what nginx has installed: %w", err)
		}
		mode := fs.FileMode(0o644)
		if m.To == o.definition.Image.Binary {
			mode = 0o755
		}
		err = t.Add(tree.File{Path: m.To, Mode: mode, Data: data, Origin: tree.Origin{Component: "nginx", Path: m.From}})
		if err != nil {
			return err
		}
	}
	return nil
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

func (o *compiled) keep() error { return nil }
