package pipeline

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// deliver prints what is in the image, loads it into Docker where an engine
// answers, and returns how to refer to it.
func (b *builder) deliver(ctx context.Context) (reference string, err error) {
	if err := b.summary(); err != nil {
		return "", err
	}
	digest, err := b.rel.Index.Digest()
	if err != nil {
		return "", fmt.Errorf("computing the digest: %w", err)
	}
	layout := b.layout() + "@" + digest.String()
	p, ok := b.host()
	if !ok {
		b.out.Note("Not loaded into Docker: no platform is this machine's, " + hostPlatform())
		return layout, nil
	}
	return b.offer(ctx, p.img, b.ImageName+":"+tag(b.definition), layout)
}

// offer loads an image into Docker where an engine answers, and returns its name
// there, or else layout.
func (b *builder) offer(ctx context.Context, img v1.Image, name, layout string) (reference string, err error) {
	if err := publish.DockerAvailable(ctx); err != nil {
		b.out.Note(fmt.Sprintf("Not loaded into Docker: %v", err))
		return layout, nil
	}
	id, loaded, err := publish.Docker(ctx, img, name)
	if err != nil {
		return "", err
	}
	b.imageID = id
	if loaded {
		b.out.Note("Loaded into Docker as " + name)
	} else {
		b.out.Note("Docker has it already as " + name)
	}
	return name, nil
}
