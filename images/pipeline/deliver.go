package pipeline

import (
	"context"
	"fmt"

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
	if err := publish.DockerAvailable(ctx); err != nil {
		b.out.Note(fmt.Sprintf("Not loaded into Docker: %v", err))
		return layout, nil
	}
	name := b.ImageName + ":" + tag(b.definition)
	_, loaded, err := publish.Docker(ctx, p.img, name)
	if err != nil {
		return "", err
	}
	if loaded {
		b.out.Note("Loaded into Docker as " + name)
	} else {
		b.out.Note("Docker has it already as " + name)
	}
	return name, nil
}
