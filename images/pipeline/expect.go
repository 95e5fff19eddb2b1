package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/expected"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/verify"
)

// digestsFile says which digests the images of a definition must have.
func digestsFile(name string) string { return "images/" + name + ".digests" }

// packagesBase is the base of images that nothing is compiled for.
const packagesBase = "packages"

// VerifyBuild makes the image of the options a second time, from nothing, and holds it
// against what the last build has written and against the digests that are committed;
// update writes those instead. It prints a line for each check, and the reference is that
// of the last build. The error is a *VerdictError where they are not the same, or where no
// digest is known for this toolchain.
func VerifyBuild(ctx context.Context, o Options, how Rebuilding, update bool) (reference string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	first, made, err := o.last(ctx)
	if err != nil {
		return "", err
	}
	o.Base, o.Platforms = made.Base, made.Platforms
	second, err := o.elsewhere(ctx, how, out)
	if err != nil {
		return "", err
	}
	defer second.close(&err)
	var report verify.Report
	for _, e := range first.Images {
		state, why, err := second.compare(ctx, first, e, made)
		if err != nil {
			return "", err
		}
		report.Add("rebuild "+e.Platform, state, why)
	}
	if update && verdict(o.Name, report) == nil {
		err = o.expect(second)
		report.Add("digests", verify.OK, "written to "+digestsFile(o.Name))
	} else {
		err = o.expected(second, &report)
	}
	if err != nil {
		return "", err
	}
	if err := o.print(report); err != nil {
		return "", err
	}
	return first.reference, verdict(o.Name, report)
}

// last opens what the last build has written, and how it was made.
func (o Options) last(ctx context.Context) (opened, attest.Made, error) {
	dir := filepath.Join(o.Repository, "dist", o.Name, "oci")
	if _, err := release.Open(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is nothing at %s to verify: run `mage build %s` first", dir, o.Name)
		}
		return opened{}, attest.Made{}, err
	}
	first, err := openLayout(ctx, "dist/"+o.Name, dir, "")
	if err != nil {
		return first, attest.Made{}, err
	}
	provenance, err := ReadProvenance(o.Repository, o.Name, first.Descriptor.Digest)
	if err != nil {
		return first, attest.Made{}, err
	}
	made, err := provenance.Made()
	return first, made, err
}

// expected holds the digests of a build against those that are committed.
func (o Options) expected(a *again, report *verify.Report) error {
	file, err := o.digests()
	if errors.Is(err, fs.ErrNotExist) {
		report.Add("digests", verify.Unchecked, fmt.Sprintf("there is no %s (mage verify -update makes it)", digestsFile(o.Name)))
		return nil
	}
	if err != nil {
		return err
	}
	return a.each(func(b expected.Build, got expected.Digests) error {
		want, ok := file.Lookup(b)
		if !ok {
			report.Add("digests "+b.Platform, verify.Unchecked, fmt.Sprintf("%s has no digest for this toolchain, %s: there are those of %s",
				digestsFile(o.Name), b, builds(file)))
			return nil
		}
		var wrong []string
		for _, d := range []struct {
			name      string
			got, want v1.Hash
		}{{"diffID", got.DiffID, want.DiffID}, {"manifest", got.Manifest, want.Manifest}, {"index", got.Index, want.Index}} {
			if d.got != d.want {
				wrong = append(wrong, fmt.Sprintf("%s is %s, not %s", d.name, d.got, d.want))
			}
		}
		if len(wrong) > 0 {
			report.Add("digests "+b.Platform, verify.Failed, fmt.Sprintf("%s (%s): if a change of the image is meant, mage verify -update writes it down",
				strings.Join(wrong, ", "), digestsFile(o.Name)))
			return nil
		}
		report.Add("digests "+b.Platform, verify.OK, "diffID, manifest and index are those of "+digestsFile(o.Name))
		return nil
	})
}

func builds(f *expected.File) string {
	var all []string
	for _, b := range f.Builds() {
		all = append(all, b.String())
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, "; ")
}

// expect writes down the digests of a build. Those of other toolchains stay, for they
// cannot be made here.
func (o Options) expect(a *again) error {
	file, err := o.digests()
	if errors.Is(err, fs.ErrNotExist) {
		file, err = &expected.File{Name: o.Name}, nil
	}
	if err != nil {
		return err
	}
	if err := a.each(file.Set); err != nil {
		return err
	}
	path := filepath.Join(o.Repository, filepath.FromSlash(digestsFile(o.Name)))
	if err := replaceFile(path, file.Encode()); err != nil {
		return fmt.Errorf("writing %s: %w", digestsFile(o.Name), err)
	}
	return nil
}

func (o Options) digests() (*expected.File, error) {
	data, err := os.ReadFile(filepath.Join(o.Repository, filepath.FromSlash(digestsFile(o.Name))))
	if err != nil {
		return nil, fmt.Errorf("reading the digests: %w", err)
	}
	return expected.Parse(digestsFile(o.Name), o.Name, data)
}

// each calls do for the image of each platform.
func (a *again) each(do func(expected.Build, expected.Digests) error) error {
	opened, err := release.Open(filepath.Join(a.Repository, "dist", a.Name, "oci"))
	if err != nil {
		return err
	}
	for _, e := range a.Images {
		img, err := opened.Index.Image(e.Descriptor.Digest)
		if err != nil {
			return fmt.Errorf("reading the image for %s: %w", e.Platform, err)
		}
		d, err := digestsOf(img)
		if err != nil {
			return fmt.Errorf("reading the image for %s: %w", e.Platform, err)
		}
		b := expected.Build{Platform: e.Platform, Base: packagesBase}
		if c, ok := a.made.Compiler(e.Platform); ok {
			b.Base, b.Toolchain = a.made.Base, c.Version
		}
		if err := do(b, d); err != nil {
			return err
		}
	}
	return nil
}

func digestsOf(img v1.Image) (d expected.Digests, err error) {
	config, err := img.ConfigFile()
	if err != nil {
		return d, err
	}
	if n := len(config.RootFS.DiffIDs); n != 1 {
		return d, fmt.Errorf("it has %d layers, not one", n)
	}
	d.DiffID = config.RootFS.DiffIDs[0]
	if d.Manifest, err = img.Digest(); err != nil {
		return d, err
	}
	index, err := oci.Index(img)
	if err != nil {
		return d, err
	}
	d.Index, err = index.Digest()
	return d, err
}
