package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/alpine"
	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/closure"
	"github.com/nginx-scratch/nginx-scratch/images/repository"
	"github.com/nginx-scratch/nginx-scratch/images/size"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// packaged is the origin of images whose files are from Alpine's packages.
type packaged struct {
	*builder
	client repository.Client
}

func (o *packaged) prepare(ctx context.Context, platforms []string) error {
	want, err := locked(o.lock, o.Name, platforms)
	if err != nil {
		return err
	}
	if o.client, err = o.repository(o.definition, o.out); err != nil {
		return err
	}
	return o.client.Fetch(ctx, want...)
}

// packages reads those of one platform.
func (o *packaged) packages(ctx context.Context, platform string) ([]apk.Package, error) {
	l, _ := o.lock.Alpine.Platform(platform)
	return o.client.ReadAll(ctx, l)
}

func (o *packaged) fill(ctx context.Context, platform string, t *tree.Tree) error {
	packages, err := o.packages(ctx, platform)
	if err != nil {
		return err
	}
	files, err := wanted(packages, o.definition.Alpine.Files)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(files, func(f tree.File) bool { return covered(t, f) })
	for i, f := range kept {
		if _, ok := accountFiles[f.Path]; ok {
			kept[i] = withUser(f, o.definition.Image.User) // no longer what the package has
		}
		if err := t.Add(kept[i]); err != nil {
			return err
		}
	}
	return o.addDatabase(platform, t, alpine.Database(packages, kept, profile(o.definition) == check.Debug))
}

// addDatabase tells scanners what is there; and apk, where that is there too,
// how to go on.
func (o *packaged) addDatabase(platform string, t *tree.Tree, installed []byte) error {
	d, origin := o.definition.Alpine, tree.Origin{Component: project, Path: lockFile(o.Name)}
	err := t.Add(tree.File{Path: alpine.DatabasePath, Mode: 0o644, Data: installed, Origin: origin})
	if err != nil || profile(o.definition) != check.Debug {
		return err
	}
	l, _ := o.lock.Alpine.Platform(platform)
	var repositories []string
	for _, name := range d.Repositories {
		repositories = append(repositories, strings.Join([]string{d.Mirror, d.Branch, name}, "/"))
	}
	for _, f := range alpine.Settings(d.Packages, repositories, l.Arch, origin) {
		if _, taken := t.Lookup(f.Path); !taken { // what a package brings fits it better
			err = errors.Join(err, t.Add(f))
		}
	}
	return err
}

// wanted are the files that the patterns ask for, with what those need to run;
// without patterns all files.
func wanted(packages []apk.Package, patterns []string) ([]tree.File, error) {
	if len(patterns) == 0 {
		return whole(packages)
	}
	graph, err := closureOf(packages, patterns)
	if err != nil {
		return nil, err
	}
	return graph.Files(), nil
}

// whole are all files, and the links of busybox's programs.
func whole(packages []apk.Package) ([]tree.File, error) {
	files, err := alpine.Merge(packages)
	if err != nil {
		return nil, err
	}
	links, err := alpine.Applets(files)
	return append(files, links...), err
}

func closureOf(packages []apk.Package, patterns []string) (*closure.Graph, error) {
	files, err := alpine.Merge(packages)
	if err != nil {
		return nil, err
	}
	all := tree.New()
	for _, f := range files {
		if err := all.Add(f); err != nil {
			return nil, err
		}
	}
	return closure.Find(all, patterns)
}

// covered reports whether the repository has something of its own where a
// package has f, or a link or file where the package has a folder.
func covered(t *tree.Tree, f tree.File) bool {
	if own, ok := t.Lookup(f.Path); ok {
		return !own.Mode.IsDir() || own.Origin != tree.Origin{} || f.Mode.IsDir()
	}
	for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
		if own, ok := t.Lookup(dir); ok && !own.Mode.IsDir() {
			return true
		}
	}
	return false
}

// withUser adds the image's user to the accounts of a package.
func withUser(f tree.File, user string) tree.File {
	var lines strings.Builder
	for line := range strings.Lines(string(f.Data)) {
		if !strings.HasPrefix(line, account+":") {
			lines.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	lines.WriteString(accountLine(f.Path, user))
	f.Data = []byte(lines.String())
	f.Mode = fs.FileMode(0o644)
	f.Origin = accountOrigin
	return f
}

func (o *packaged) contents(platform string) (rows []row) {
	l, _ := o.lock.Alpine.Platform(platform)
	for _, p := range l.Packages {
		rows = append(rows, row{name: p.Name, version: p.Version})
	}
	return rows
}

// divider has what the programs and libraries of packages say themselves.
func (o *packaged) divider(string) (size.Detail, divider) {
	return size.Components, func(f tree.File, component string) (size.File, error) {
		return size.Divide(f.Path, size.Program{Data: f.Data, Component: component})
	}
}

// made adds the packages.
func (o *packaged) made(record *attest.Build) error {
	want, err := locked(o.lock, o.Name, o.Platforms)
	record.Inputs = append(record.Inputs, packageInputs(*o.definition.Alpine, want, "package")...)
	return err
}

// version splits 1.28.0-r3, as Alpine writes it.
func (o *packaged) version(platform string) (version, revision string) {
	l, _ := o.lock.Alpine.Platform(platform)
	nginx, _ := l.Package("nginx")
	version, _, _ = strings.Cut(nginx.Version, "-r")
	return version, nginx.Version
}
