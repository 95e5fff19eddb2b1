// Package pipeline puts the steps of a build in order: definition, fetch,
// compile, tree, image, checks, release. It is the only orchestrator; what
// each step does is in the package of its name.
package pipeline

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/store"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// Options of Build.
type Options struct {
	Repository string // the checkout: definition, lock and configuration are read here, dist is written here
	Name       string // of the definition: images/NAME.yaml
	Arch       string // GOARCH of the machine
	Jobs       int
	Keep       bool // leave the work folders of components that are compiled
	Env        Environment
	Stderr     io.Writer // progress, notes and the table of contents
	Terminal   bool      // whether Stderr is one
	Now        func() time.Time
}

// Build makes the image, checks it, writes its OCI layout to dist/NAME/oci and
// loads it into Docker where an engine answers. The reference is what `docker
// run` takes, or without an engine the folder of the layout, an @ and the
// digest of its index.
func Build(ctx context.Context, o Options) (reference string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	if o.Jobs < 1 {
		return "", fmt.Errorf("the number of jobs is %d: it must be 1 or more", o.Jobs)
	}
	b := builder{Options: o, out: out}
	for _, step := range []func(context.Context) error{b.load, b.compile, b.image, b.check, b.release} {
		if err := step(ctx); err != nil {
			return "", interrupted(ctx, err)
		}
	}
	reference, err = b.deliver(ctx)
	return reference, interrupted(ctx, err)
}

// interrupted says what a person who pressed Ctrl-C wants to know.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("interrupted; what was complete is kept, and the next build goes on from there: %w", err)
}

// builder carries what one step hands to the next.
type builder struct {
	Options
	out        *progress.Output
	definition images.Definition
	lock       images.Lock
	compiler   *compile.Compiler
	nginx      compile.Entry
	tree       *tree.Tree
	img        v1.Image
	rel        release.Release
}

func (b *builder) load(context.Context) error {
	var err error
	fsys := os.DirFS(b.Repository)
	if b.definition, err = images.LoadDefinition(fsys, "images/"+b.Name+".yaml"); err != nil {
		return err
	}
	b.lock, err = images.LoadLock(fsys, "images/"+b.Name+".lock.json", b.definition)
	return err
}

func (b *builder) compile(ctx context.Context) error {
	toolchain, err := base.Host(ctx)
	if err != nil {
		return err
	}
	plan, err := recipe.Plan(b.definition, b.lock, b.Arch,
		recipe.Toolchain{ID: toolchain.ID, GCC: toolchain.GCC, Headers: toolchain.Headers})
	if err != nil {
		return err
	}
	cache, err := b.Env.CacheDir()
	if err != nil {
		return err
	}
	inputs, err := store.Open(cache)
	if err != nil {
		return err
	}
	b.compiler = &compile.Compiler{
		Dir: cache, Definition: b.definition, Lock: b.lock, Plan: plan,
		Path:  func(in images.Input) string { return inputs.Path(store.Input{SHA256: in.SHA256}) },
		Fetch: func(ctx context.Context, list []images.Input) error { return b.fetch(ctx, inputs, list) },
		Run:   base.Run, Jobs: b.Jobs, Keep: b.Keep, Progress: b.out,
	}
	b.nginx, err = b.compiler.Component(ctx, "nginx")
	return err
}

func (b *builder) fetch(ctx context.Context, s *store.Store, list []images.Input) error {
	m, err := findMirrors(ctx, b.Env)
	if err != nil {
		return err
	}
	var inputs []store.Input
	for _, in := range list {
		inputs = append(inputs, m.expand(in))
	}
	return s.Fetch(ctx, inputs, store.Options{Progress: b.out})
}

func (b *builder) image(context.Context) error {
	var err error
	if b.tree, err = assemble(os.DirFS(b.Repository), b.definition, b.nginx); err != nil {
		return fmt.Errorf("assembling the tree: %w", err)
	}
	b.img, err = oci.Image(b.tree, b.config())
	return err
}

func (b *builder) check(ctx context.Context) error {
	results, err := check.Run(ctx, check.Subject{
		Tree: b.tree, Image: b.img, Paths: b.definition.Paths, Binary: b.definition.Image.Binary,
		Budgets: check.Budgets{Disk: b.definition.Budgets.Disk, Compressed: b.definition.Budgets.Compressed},
		Try:     try(b.tree, b.definition.Image.User),
	})
	if err != nil {
		return fmt.Errorf("the image is refused: %w", err)
	}
	for _, r := range results {
		if r.Skipped() {
			b.out.Note(fmt.Sprintf("check %s: %v", r.Check.Name, r.Err))
		}
	}
	return nil
}

func (b *builder) release(context.Context) error {
	index, err := oci.Index(b.img)
	if err != nil {
		return err
	}
	b.rel = release.Release{Name: project, Tag: b.Name, Index: index}
	return b.rel.Write(b.layout())
}

func (b *builder) layout() string { return filepath.Join(b.Repository, "dist", b.Name, "oci") }

// deliver prints what is in the image, loads it into Docker where an engine
// answers, and returns how to refer to it.
func (b *builder) deliver(ctx context.Context) (reference string, err error) {
	if err := b.summary(); err != nil {
		return "", err
	}
	if err := publish.DockerAvailable(ctx); err != nil {
		b.out.Note(fmt.Sprintf("Not loaded into Docker: %v", err))
		digest, err := b.rel.Index.Digest()
		if err != nil {
			return "", fmt.Errorf("computing the digest: %w", err)
		}
		return b.layout() + "@" + digest.String(), nil
	}
	tag := project + ":" + b.Name
	_, loaded, err := publish.Docker(ctx, b.img, tag)
	if err != nil {
		return "", err
	}
	if loaded {
		b.out.Note("Loaded into Docker as " + tag)
	} else {
		b.out.Note("Docker has it already as " + tag)
	}
	return tag, nil
}
