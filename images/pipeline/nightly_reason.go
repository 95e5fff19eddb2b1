package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// The labels that say which image is newer.
const (
	createdLabel  = "org.opencontainers.image.created"
	revisionLabel = "org.opencontainers.image.revision"
)

// standing is what the registry has as nightly; without a digest, nothing.
type standing struct {
	Digest   string
	Created  time.Time
	Revision string   // of nginx
	Inputs   []string // names of the files it was made of, sorted
}

// look asks the registry what is nightly now.
func (r *night) look(ctx context.Context) (p standing, err error) {
	registry, err := r.connect(ctx)
	if err != nil {
		return p, err
	}
	raw, desc, there, err := registry.Find(ctx, r.tag())
	if err != nil || !there {
		return p, err
	}
	p.Digest = desc.Digest.String()
	var index v1.IndexManifest
	if err := json.Unmarshal(raw, &index); err != nil || len(index.Manifests) == 0 {
		return p, nil //nolint:nilerr // somebody has put something else there, which says nothing of itself
	}
	raw, _, err = registry.Manifest(ctx, index.Manifests[0].Digest.String())
	if err != nil {
		return p, err
	}
	var m v1.Manifest
	if json.Unmarshal(raw, &m) == nil {
		p.Revision = m.Annotations[revisionLabel]
		p.Created, _ = time.Parse(time.RFC3339, m.Annotations[createdLabel]) // zero is older than all
	}
	// What is not there any more, or never was, only makes the reason shorter.
	if items, err := remoteItems(ctx, registry, r.tag()); err == nil {
		for _, it := range items {
			p.Inputs = append(p.Inputs, it.Name)
		}
		slices.Sort(p.Inputs)
		p.Inputs = slices.Compact(p.Inputs)
	}
	return p, nil
}

// notOlder refuses to put an image of older inputs in the place of a newer one.
// Whoever starts from an old checkout, or from a mirror that lags, could otherwise
// take fixes away from all who follow.
func (r *night) notOlder(built release.Release) error {
	index, err := built.Index.IndexManifest()
	if err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	img, err := built.Index.Image(index.Manifests[0].Digest)
	if err != nil {
		return err
	}
	m, err := img.Manifest()
	if err != nil {
		return err
	}
	created, err := time.Parse(time.RFC3339, m.Annotations[createdLabel])
	if err != nil {
		return fmt.Errorf("the image does not say when its newest input was made: %w", err)
	}
	if created.Before(r.was.Created) {
		return fmt.Errorf("%s:%s has an input of %s, and the newest here is of %s: update the checkout, or use a mirror that is up to date; "+
			"`mage publish` is for going back", r.repository, r.tag(), r.was.Created.Format(time.RFC3339), created.Format(time.RFC3339))
	}
	return nil
}

// reason is why there is a new image, as lines of Markdown.
func (r *night) reason(ctx context.Context) string {
	if r.was.Digest == "" {
		return "- the first nightly image\n"
	}
	if r.Differences != nil {
		text, err := r.Differences(ctx, r.repository+"@"+r.was.Digest, (&builder{Options: r.Options}).layout())
		if err == nil && text != "" {
			return text
		}
		if err != nil {
			r.out.Note(fmt.Sprintf("comparing with what is published: %v", err))
		}
	}
	var text strings.Builder
	for _, line := range r.record.Reason {
		if patch, below := strings.CutPrefix(line, "  "); below {
			line = "  - `" + patch + "`"
		} else {
			line = "- " + line
		}
		text.WriteString(line + "\n")
	}
	if text.Len() > 0 {
		return text.String()
	}
	now := r.inputNames(ctx)
	for _, name := range now {
		if len(r.was.Inputs) > 0 && !slices.Contains(r.was.Inputs, name) {
			text.WriteString("- now made of " + name + "\n")
		}
	}
	for _, name := range r.was.Inputs {
		if !slices.Contains(now, name) {
			text.WriteString("- no longer made of " + name + "\n")
		}
	}
	if text.Len() == 0 {
		return "- the same inputs: the configuration, the flags or the compiler have changed\n"
	}
	return text.String()
}

// inputNames are the files of the lock.
func (r *night) inputNames(ctx context.Context) []string {
	b := builder{Options: r.Options}
	if err := b.load(ctx); err != nil {
		return nil
	}
	var names []string
	for _, in := range b.wanted() {
		names = append(names, in.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// entry is what the changelog says of the image.
func (r *night) entry(ctx context.Context) string {
	return fmt.Sprintf("## %s\n\n`%s@%s`\n\n%s", r.Now().UTC().Format(time.DateOnly), r.repository, r.digest, r.reason(ctx))
}
