package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// Night is what a nightly run needs besides the options of a build.
type Night struct {
	Publication // the reference has no tag

	DryRun bool // say what would be published; test nothing, and leave the lock as it is
	// Test tries the image that a build gave the reference of.
	Test func(ctx context.Context, image string) error
	// Build makes the image; Build of this package if nil.
	Build func(ctx context.Context, o Options) (image string, err error)
	// Differences says how what is published, by its reference, differs from the
	// layout of what was built: lines of Markdown. Nil leaves that to what the lock
	// says of it.
	Differences func(ctx context.Context, published, layout string) (string, error)
}

// Nightly looks for newer inputs, builds the image for every platform, and, if it
// is another than the one that is published as nightly, tests and publishes it.
// The reference is empty if there was nothing to publish.
//
// A new lock is kept only once the tests of what it leads to have passed. Whoever
// is killed leaves a note of what was there before, in dist/nightly: the next run
// puts that back and starts again, or goes on where the tests have passed.
func Nightly(ctx context.Context, o Options, n Night) (reference string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	target, err := publish.ParseTarget(n.Reference)
	if err != nil {
		return "", err
	}
	if target.Tag != "" || target.Digest != "" {
		return "", fmt.Errorf("reference %q has a tag or a digest: nightly images get their tags by themselves", n.Reference)
	}
	n.Nightly = true
	if n.Build == nil {
		n.Build = Build
	}
	o.ImageName = cmp.Or(o.ImageName, project)
	r := night{Options: o, Night: n, repository: target.Repository, out: out}
	reference, err = r.run(ctx)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("interrupted; the next run starts again, and published tags are as they were or lead to what is complete: %w", err)
	}
	return reference, err
}

// night is one run.
type night struct {
	Options
	Night

	repository string
	out        *progress.Output
	record     record
	image      string // as Docker has it
	digest     string // of the index that was built
	was        standing
}

func (r *night) run(ctx context.Context) (reference string, err error) {
	if err := r.recover(); err != nil {
		return "", err
	}
	if err := r.update(ctx); err != nil {
		return "", fmt.Errorf("updating the lock: %w", err)
	}
	changed, err := r.make(ctx)
	if err == nil && changed && !r.DryRun && !r.tested() {
		err = r.try(ctx)
	}
	switch {
	case err != nil:
		return "", errors.Join(err, r.putBack("the lock is as it was before"))
	case r.DryRun:
		if changed {
			r.out.Note(fmt.Sprintf("%s would be published: %s", r.digest, r.reason(ctx)))
		}
		return "", r.putBack("")
	case !changed:
		return "", r.finish()
	}
	reference, err = Publish(ctx, r.Options, r.Publication)
	if err != nil {
		return "", err // the record stays, and the next run publishes it
	}
	return reference, r.finish()
}

// update makes a new lock, and notes beforehand what it changes.
func (r *night) update(ctx context.Context) error {
	definition, err := loadDefinition(r.Repository, r.Name)
	if err != nil {
		return err
	}
	o := r.Options
	o.Platforms = nil
	e, err := o.relock(ctx, definition, true, r.out)
	if err != nil {
		return err
	}
	if err := r.note(e); err != nil {
		return err
	}
	return r.apply(e.files)
}

// make builds the image for every platform, and says whether it has to be
// published.
func (r *night) make(ctx context.Context) (changed bool, err error) {
	definition, err := loadDefinition(r.Repository, r.Name)
	if err != nil {
		return false, err
	}
	if all, err := platforms([]string{allPlatforms}, definition); err == nil {
		r.Platforms = all
	}
	if r.image, err = r.Build(ctx, r.Options); err != nil {
		return false, fmt.Errorf("building: %w", err)
	}
	built, digest, err := r.built()
	if err != nil {
		return false, err
	}
	r.digest = digest
	if r.was, err = r.look(ctx); err != nil {
		return false, err
	}
	if r.was.Digest == r.digest && !r.tested() {
		r.out.Note(fmt.Sprintf("%s:%s is this image already: nothing to publish", r.repository, r.tag()))
		return false, nil
	}
	return true, r.notOlder(built)
}

// built is what the last build wrote, and the digest of its index.
func (r *night) built() (release.Release, string, error) {
	rel, err := release.Open((&builder{Options: r.Options}).layout())
	if err != nil {
		return rel, "", err
	}
	digest, err := rel.Index.Digest()
	if err != nil {
		return rel, "", fmt.Errorf("computing the digest: %w", err)
	}
	return rel, digest.String(), nil
}

// try tests the image. From then on it is to be published, whoever is killed.
func (r *night) try(ctx context.Context) error {
	if err := r.Test(ctx, r.image); err != nil {
		return fmt.Errorf("nothing is published, for a test has failed: %w", err)
	}
	if _, digest, err := r.built(); err != nil || digest != r.digest {
		return errors.Join(fmt.Errorf("nothing is published, for somebody has built another image in the meantime: %s", digest), err)
	}
	r.record.Digest, r.record.Entry = r.digest, r.entry(ctx)
	return r.record.write(r.notes())
}

// tested says whether this image has passed its tests in a run that did not get
// to the end.
func (r *night) tested() bool { return r.record.Digest == r.digest }

// tag is the one that follows the nightly images.
func (r *night) tag() string {
	if r.Name == defaultName {
		return "nightly"
	}
	definition, err := loadDefinition(r.Repository, r.Name)
	if err != nil {
		return "nightly-" + r.Name
	}
	return "nightly-" + tag(definition)
}

// notes is the folder in which a run keeps what it has to know after it was killed.
func (r *night) notes() string { return filepath.Join(r.Repository, "dist", "nightly", r.Name) }

// connect is a connection that may do what the run is for.
func (r *night) connect(ctx context.Context) (*publish.Repository, error) {
	return publish.Connect(ctx, r.repository, publish.Options{
		Push: !r.DryRun, Insecure: r.Insecure, Keychain: authn.DefaultKeychain, Progress: r.out,
	})
}
