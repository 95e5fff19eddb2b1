package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// maxImages is more than an index of ours has.
const maxImages = 32

// Images are those that a tag or digest leads to: one image, or all of an index.
// Their layers stay in the registry until somebody reads them.
func (r *Repository) Images(ctx context.Context, reference string) ([]v1.Image, error) {
	raw, desc, err := r.Manifest(ctx, reference)
	if err != nil {
		return nil, err
	}
	found := []v1.Descriptor{desc}
	if desc.MediaType.IsIndex() {
		var index v1.IndexManifest
		if err := json.Unmarshal(raw, &index); err != nil {
			return nil, fmt.Errorf("reading %s %s: %w", r.repo, reference, err)
		}
		found = index.Manifests
	}
	if len(found) == 0 || len(found) > maxImages {
		return nil, fmt.Errorf("%s %s has %d images", r.repo, reference, len(found))
	}
	var all []v1.Image
	for _, d := range found {
		if !d.MediaType.IsImage() {
			return nil, fmt.Errorf("%s %s has an entry of type %q, which is not an image", r.repo, reference, d.MediaType)
		}
		var img v1.Image
		err := r.retry(ctx, "reading image "+d.Digest.String(), func() (err error) {
			img, err = remote.Image(r.repo.Digest(d.Digest.String()), remote.WithContext(ctx), remote.WithTransport(r.client.Transport),
				remote.WithRetryBackoff(remote.Backoff{Steps: 1}), remote.WithRetryPredicate(func(error) bool { return false }))
			if err == nil {
				// Now, and not when somebody has no context to be interrupted with.
				_, errConfig := img.RawConfigFile()
				_, errManifest := img.RawManifest()
				err = errors.Join(errConfig, errManifest)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, struct{ v1.Image }{img}) // without what the registry has said of it
	}
	return all, nil
}
