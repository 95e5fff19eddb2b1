package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/content"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/size"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// SizeOptions say what to compare the sizes with.
type SizeOptions struct {
	// Against is a report that was written before, or an image as for DiffOptions; none
	// if empty.
	Against  string
	Insecure bool // http is good enough for a registry
}

// The reports in dist/NAME: one for programs, one for people.
const (
	sizeReport = "size.json"
	sizePage   = "size.html"
)

// Size builds the images, writes where their bytes go to dist/NAME, and returns it as
// tables.
func Size(ctx context.Context, o Options, s SizeOptions) (text string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	var before size.Report
	if s.Against != "" { // first, for it may be what the build replaces
		if before, err = o.sizesOf(ctx, s, out); err != nil {
			return "", fmt.Errorf("reading the sizes of %s: %w", s.Against, err)
		}
	}
	b := builder{Options: o, out: out}
	if err := b.build(ctx); err != nil {
		return "", interrupted(ctx, err)
	}
	report := size.NewReport(b.Name)
	differences := map[string]size.Difference{}
	for _, p := range b.products {
		sizes, err := b.sizes(p)
		if err != nil {
			return "", err
		}
		report.Platforms = append(report.Platforms, sizes)
		if old, ok := before.Platform(p.platform); ok {
			differences[p.platform] = size.Compare(s.Against, old, sizes)
		} else if s.Against != "" {
			out.Note(fmt.Sprintf("%s has no image for %s to compare with", s.Against, p.platform))
		}
	}
	if err := b.writeSizes(report, differences); err != nil {
		return "", err
	}
	return report.Text(differences), nil
}

func (b *builder) writeSizes(report size.Report, differences map[string]size.Difference) error {
	data, err := report.JSON()
	if err != nil {
		return err
	}
	page, err := report.Page(differences)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{sizeReport: data, sizePage: []byte(page)} {
		if err := replaceFile(filepath.Join(b.dist(), name), data); err != nil {
			return fmt.Errorf("writing the sizes: %w", err)
		}
	}
	b.out.Note("As a picture: " + filepath.Join(b.dist(), sizePage))
	return nil
}

// sizes are those of one image.
func (b *builder) sizes(p product) (size.Platform, error) {
	manifest, err := p.img.Digest()
	if err != nil {
		return size.Platform{}, fmt.Errorf("computing the digest: %w", err)
	}
	compressed, err := compressedSize(p.img)
	if err != nil {
		return size.Platform{}, err
	}
	found := p.files()
	return size.Platform{
		Platform: p.platform, Manifest: manifest.String(), Disk: p.tree.Size(), Compressed: compressed,
		Detail: found.detail, Files: found.files,
	}, nil
}

// sized is whose the bytes of files are.
type sized struct {
	detail size.Detail
	files  []size.File
}

// divide begins to find out whose the bytes of a tree are, to which nothing is added any
// more, and returns a function that waits for that.
func (b *builder) divide(platform string, t *tree.Tree) func() sized {
	var found sized
	done := make(chan struct{})
	go func() {
		defer close(done)
		detail, divide := b.origin.divider(platform)
		found.detail = detail
		for f := range t.All() {
			found.files = append(found.files, b.divided(f, divide))
		}
	}()
	return func() sized {
		<-done
		return found
	}
}

// divider divides a file of a component.
type divider func(f tree.File, component string) (size.File, error)

// The components of files that no component has installed.
const (
	licenseTexts = "licenses"
	ownFiles     = "configuration and pages"
	descriptions = "bill of materials, for scanners"
)

// divided says whose the bytes of a file are. It is nothing that a build must fail for:
// of a program that cannot be read, all bytes are its component's.
func (b *builder) divided(f tree.File, divide divider) size.File {
	component := f.Origin.Component
	switch {
	case f.Origin == described:
		component = descriptions
	case f.Origin == entryOrigin:
		component = recipe.Entry
	case f.Origin.Component == project:
		component = ownFiles
	case strings.HasPrefix(f.Path, licenseFolder+"/") && profile(b.definition) == check.Static:
		return size.Whole(f.Path, licenseTexts, component, int64(len(f.Data)))
	}
	divided, err := divide(f, component)
	if err != nil {
		b.out.Note(fmt.Sprintf("what the bytes of a program are for is not known: %v", err))
		return size.Whole(f.Path, component, "", int64(len(f.Data)))
	}
	return divided
}

// sizesOf reads what to compare with: a report, or an image, of which the report beside
// it says more.
func (o Options) sizesOf(ctx context.Context, s SizeOptions, out *progress.Output) (size.Report, error) {
	if info, err := os.Stat(s.Against); err == nil && info.Mode().IsRegular() {
		return readSizes(s.Against)
	}
	task := out.Start("reading "+s.Against, 0)
	found, err := o.open(ctx, s.Against, s.Insecure, out)
	var images map[string]*content.Image
	if err == nil {
		images, err = found.images(ctx)
	}
	task.Done(err)
	if err != nil {
		return size.Report{}, err
	}
	report := size.NewReport(s.Against)
	beside, _ := readSizes(filepath.Join(filepath.Dir(found.dir), sizeReport)) // where there is none, or another's, the image itself will do
	for platform, img := range images {
		known, ok := beside.Platform(platform)
		if !ok || found.dir == "" || known.Manifest != img.Digest.String() {
			known = imageSizes(platform, img)
		}
		report.Platforms = append(report.Platforms, known)
	}
	return report, nil
}

func readSizes(path string) (r size.Report, err error) {
	f, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, size.MaxReport+1))
	if err != nil {
		return r, err
	}
	r, err = size.Parse(data)
	if err != nil {
		err = fmt.Errorf("reading %s: %w", path, err)
	}
	return r, err
}

// imageSizes are those of an image of which nothing is known but its files.
func imageSizes(platform string, img *content.Image) size.Platform {
	sizes := size.Platform{
		Platform: platform, Manifest: img.Digest.String(), Disk: img.Size(), Compressed: img.Compressed(), Detail: size.Sections,
	}
	for _, path := range img.Paths() {
		f := img.Files[path]
		whole := size.Whole(path, unknown, "", f.Size)
		if f.Data != nil {
			// One that cannot be read is not worth less as a whole.
			if divided, err := size.Divide(path, size.Program{Data: f.Data, Component: unknown}); err == nil {
				whole = divided
			}
		}
		if whole.HasSymbols() {
			sizes.Detail = size.Symbols
		}
		sizes.Files = append(sizes.Files, whole)
	}
	return sizes
}

// unknown is the component of files in an image that does not say.
const unknown = "unknown"
