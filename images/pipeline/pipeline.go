// Package pipeline puts the steps of a build in order: definition, fetch,
// compile or unpack, tree, image, checks, release. It is the only
// orchestrator; what each step does is in the package of its name.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/bundle"
	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/sbom"
	"github.com/nginx-scratch/nginx-scratch/images/size"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
	"github.com/nginx-scratch/nginx-scratch/images/vex"
)

// Options of all that the pipeline does.
type Options struct {
	Repository string // the checkout: definition, lock and configuration are read here, dist is written here
	Name       string // of the definition: images/NAME.yaml
	ImageName  string // in Docker, without a tag; nginx-scratch if empty
	// Platforms to build for, such as linux/arm64. None means this machine's,
	// and "all" those of the definition.
	Platforms []string
	Base      string // where to compile: BaseAlpine, BaseHost, or empty to let the pipeline choose
	Inputs    string // where to look for inputs first: a folder or reference of a bundle, or the image's own reference
	Jobs      int    // commands that make runs at once
	Keep      bool   // leave the work folders of components that are compiled
	Env       Environment
	Stderr    io.Writer // progress, notes and the table of contents
	Terminal  bool      // whether Stderr is one
	Now       func() time.Time
	Ask       Ask // for passwords; nil where there is nobody
}

// Build makes the image for each platform, checks it, writes all as one OCI
// layout to dist/NAME/oci and loads this machine's into Docker where an engine
// answers. The reference is what `docker run` takes, or where nothing was
// loaded the folder of the layout, an @ and the digest of its index.
func Build(ctx context.Context, o Options) (reference string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	b := builder{Options: o, out: out}
	if err := b.build(ctx); err != nil {
		return "", interrupted(ctx, err)
	}
	defer b.out.Close()
	reference, err = b.deliver(ctx)
	return reference, interrupted(ctx, err)
}

// build makes the images and writes them to dist.
func (b *builder) build(ctx context.Context) error {
	if b.Jobs < 1 {
		return fmt.Errorf("the number of jobs is %d: it must be 1 or more", b.Jobs)
	}
	b.ImageName = cmp.Or(b.ImageName, project)
	b.record = attest.Build{Started: b.Now()}
	for _, step := range []func(context.Context) error{b.load, b.bring, b.identify, b.prepare, b.images, b.release} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// interrupted says what a person who pressed Ctrl-C wants to know.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("interrupted; what was complete is kept, and the next build goes on from there: %w", err)
}

// origin is where an image's files come from, besides the repository's own:
// compiled source or packages.
type origin interface {
	// prepare makes ready what all platforms need, before any image is made.
	prepare(ctx context.Context, platforms []string) error
	// fill adds the origin's files to a tree that has the repository's.
	fill(ctx context.Context, platform string, t *tree.Tree) error
	// describe adds to a tree that is filled what tells scanners of it, and says
	// which components its files are from.
	describe(ctx context.Context, platform string, t *tree.Tree) ([]sbom.Component, error)
	// claims says which vulnerabilities the tree does not have: none where nothing
	// is known.
	claims(ctx context.Context, platform string, t *tree.Tree) ([]vex.Claim, error)
	// contents lists the components that the tree may have files of, without the
	// repository's own.
	contents(platform string) []row
	// divider says what is known of the inside of programs, and how to get at it.
	divider(platform string) (size.Detail, divider)
	// version is nginx's, and revision that of its packaging.
	version(platform string) (version, revision string)
	// made adds to the record of a build what the origin knows of it.
	made(record *attest.Build) error
	// keep does what is to be done once the image is written.
	keep() error
	// inputs lists all that the images were made of, and has it in the store.
	inputs(ctx context.Context, platforms []string) ([]bundle.Item, error)
}

// builder carries what one step hands to the next.
type builder struct {
	Options
	out        *progress.Output
	definition images.Definition
	lock       images.Lock
	origin     origin
	products   []product // in the order of Platforms
	rel        release.Release
	record     attest.Build // what provenance will say
	imageID    string       // under which Docker has this machine's, once it is delivered
}

// product is the image for one platform.
type product struct {
	platform  string
	tree      *tree.Tree
	img       v1.Image
	documents []release.Document
	// files says whose the bytes of the tree are. It is being found out while the image is
	// made, and waits until that is known.
	files func() sized
}

// hostPlatform is what containers on this machine run.
func hostPlatform() string { return "linux/" + runtime.GOARCH }

func (b *builder) load(context.Context) error {
	var err error
	if b.definition, err = loadDefinition(b.Repository, b.Name); err != nil {
		return err
	}
	if !b.definition.IsImage() {
		return fmt.Errorf("images/%s.yaml is of a root file system to compile in, not of an image", b.Name)
	}
	if b.Platforms, err = platforms(b.Platforms, b.definition); err != nil {
		return err
	}
	b.lock, err = images.LoadLock(os.DirFS(b.Repository), lockFile(b.Name), b.definition)
	return err
}

func (b *builder) prepare(ctx context.Context) error {
	b.chooseOrigin()
	return b.origin.prepare(ctx, b.Platforms)
}

func (b *builder) chooseOrigin() {
	switch profile(b.definition) {
	case check.Static:
		b.origin = &compiled{builder: b}
	default:
		b.origin = &packaged{builder: b}
	}
}

// profile is what the checks demand of an image.
func profile(d images.Definition) check.Profile {
	switch {
	case d.Alpine == nil:
		return check.Static
	case len(d.Alpine.Files) > 0:
		return check.Dynamic
	}
	return check.Debug
}

// images makes and checks the images of all platforms, at once: packing one
// takes one processor.
func (b *builder) images(ctx context.Context) error {
	b.products = make([]product, len(b.Platforms))
	errs := make([]error, len(b.Platforms))
	var wg sync.WaitGroup
	for i, platform := range b.Platforms {
		wg.Go(func() {
			p, err := b.image(ctx, platform)
			if err == nil {
				err = b.check(ctx, p)
			}
			if err != nil && len(b.Platforms) > 1 {
				err = fmt.Errorf("%s: %w", platform, err)
			}
			b.products[i], errs[i] = p, err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (b *builder) image(ctx context.Context, platform string) (product, error) {
	t, err := b.assemble(ctx, platform)
	if err != nil {
		return product{}, fmt.Errorf("assembling the tree: %w", err)
	}
	documents, err := b.describe(ctx, platform, t)
	if err != nil {
		return product{}, err
	}
	files := b.divide(platform, t)
	config, err := b.config(platform)
	if err != nil {
		return product{}, err
	}
	if config.Deflate, err = b.compressor(); err != nil {
		return product{}, err
	}
	img, err := oci.Image(t, config)
	return product{platform: platform, tree: t, img: img, documents: documents, files: files}, err
}

func (b *builder) check(ctx context.Context, p product) error {
	results, err := check.Run(ctx, check.Subject{
		Tree: p.tree, Image: p.img, Paths: b.definition.Paths, Binary: b.definition.Image.Binary, Entry: b.definition.Image.Entry,
		Profile: profile(b.definition),
		Budgets: check.Budgets{Disk: b.definition.Budgets.Disk, Compressed: b.definition.Budgets.Compressed},
		Try:     try(p.tree, b.definition.Image.User, p.platform),
	})
	if err != nil {
		return fmt.Errorf("the image is refused: %w", err)
	}
	for _, r := range results {
		if r.Skipped() {
			b.out.Note(fmt.Sprintf("check %s of %s: %v", r.Check.Name, p.platform, r.Err))
		}
	}
	return nil
}

func (b *builder) release(context.Context) error {
	var all []v1.Image
	var documents []release.Document
	for _, p := range b.products {
		all = append(all, p.img)
		documents = append(documents, p.documents...)
	}
	index, err := oci.Index(all...)
	if err != nil {
		return err
	}
	b.rel = release.Release{Name: b.ImageName, Tag: tag(b.definition), Index: index, Documents: documents}
	if err := b.rel.WriteDocuments(b.dist()); err != nil {
		return err
	}
	if err := b.rel.Write(b.layout()); err != nil {
		return err
	}
	return errors.Join(b.provenance(), b.origin.keep())
}

// tag names the image of a definition. One to look for errors with says so
// wherever it goes.
func tag(d images.Definition) string {
	if profile(d) == check.Debug {
		return d.Name + "-debug"
	}
	return d.Name
}

func (b *builder) layout() string { return filepath.Join(b.dist(), "oci") }

func (b *builder) dist() string { return filepath.Join(b.Repository, "dist", b.Name) }

// host returns the product that this machine can run.
func (b *builder) host() (product, bool) {
	i := slices.IndexFunc(b.products, func(p product) bool { return p.platform == hostPlatform() })
	if i < 0 {
		return product{}, false
	}
	return b.products[i], true
}
