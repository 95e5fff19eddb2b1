package pipeline

import (
	"context"
	"fmt"
	"io"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/content"
	"github.com/nginx-scratch/nginx-scratch/images/diff"
	"github.com/nginx-scratch/nginx-scratch/images/verify"
)

// compare holds the image of one platform, and what is known of how it was made,
// against the second build. Where they differ, it prints how.
func (a *again) compare(ctx context.Context, first opened, e content.Entry, made attest.Made) (verify.State, string, error) {
	own, ok := a.entry(e.Platform)
	if !ok {
		return verify.Unchecked, "this machine cannot build for it", nil
	}
	if own.Descriptor.Digest == e.Descriptor.Digest {
		return verify.OK, "built again, it is the same: " + e.Descriptor.Digest.String(), nil
	}
	was, _ := made.Compiler(e.Platform)
	is, _ := a.made.Compiler(e.Platform)
	if was.ID != is.ID {
		return verify.Unchecked, fmt.Sprintf("it was built with %s (%.12s), and here is %s (%.12s): another compiler makes other bytes",
			was.Version, was.ID, is.Version, is.ID), nil
	}
	if err := a.show(ctx, first, e, own); err != nil {
		return verify.Failed, "", err
	}
	return verify.Failed, fmt.Sprintf("built again, it is %s, not %s", own.Descriptor.Digest, e.Descriptor.Digest), nil
}

// show prints how two images of one platform differ.
func (a *again) show(ctx context.Context, first opened, before, after content.Entry) error {
	side := func(o opened, e content.Entry) (diff.Side, error) {
		img, err := content.Read(ctx, o.Source, e, content.DefaultLimits)
		if err != nil {
			return diff.Side{}, fmt.Errorf("reading %s for %s: %w", o.name, e.Platform, err)
		}
		return diff.Side{Name: o.name, Digest: e.Descriptor.Digest.String(), Images: map[string]*content.Image{e.Platform: img}}, nil
	}
	one, err := side(first, before)
	if err != nil {
		return err
	}
	two, err := side(a.opened, after)
	if err != nil {
		return err
	}
	text, err := diff.Compare(one, two).Format("text")
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.Stderr, text)
	return err
}
