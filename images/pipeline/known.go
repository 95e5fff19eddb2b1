package pipeline

import (
	"context"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/content"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
)

// maxKnown is more bytes than a layer of an image has that is within its budgets.
const maxKnown = 64 << 20

// known are the layers of the last build, so that a build that changes nothing does not
// compress again what it has compressed. They are of this format, have the digests that
// lead to them, and are held against the new tree: what is not, is made again. A second
// build, by which mage verify judges, has no last one.
func (b *builder) known(ctx context.Context, platform string) func(v1.Hash) ([]byte, bool) {
	return func(diffID v1.Hash) ([]byte, bool) {
		found, err := openLayout(ctx, b.Name, b.layout(), "")
		if err != nil {
			return nil, false
		}
		for _, e := range found.Images {
			if e.Platform != platform {
				continue
			}
			if packed, err := knownLayer(ctx, found.Source, e, diffID); err == nil && packed != nil {
				return packed, true
			}
		}
		return nil, false
	}
}

// knownLayer is the only layer of an image, if it unpacks to diffID and is of this
// format; else nil.
func knownLayer(ctx context.Context, from content.Source, e content.Entry, diffID v1.Hash) ([]byte, error) {
	m, config, err := content.Manifest(ctx, from, e)
	if err != nil {
		return nil, err
	}
	if len(m.Layers) != 1 || config.RootFS.DiffIDs[0] != diffID || config.Config.Labels[oci.FormatLabel] != strconv.Itoa(oci.FormatVersion) {
		return nil, nil
	}
	return content.Bytes(ctx, from, m.Layers[0], maxKnown)
}
