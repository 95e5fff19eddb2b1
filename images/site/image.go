package site

import (
	"fmt"
	"maps"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// Names of the annotations that say what an image was made on top of.
const (
	baseName   = "org.opencontainers.image.base.name"
	baseDigest = "org.opencontainers.image.base.digest"
	createdKey = "org.opencontainers.image.created"
)

// About is what a derived image says of itself.
type About struct {
	Base    string    // reference of the image below, such as nginx-scratch:static
	Created time.Time // whole seconds are used
	// Labels take the place of those that the image below has under the same names.
	Labels map[string]string
}

// Derive puts a layer on top of an image. What containers run with stays as it is;
// labels, which are annotations too, also name the image below by its digest.
func Derive(base v1.Image, layer v1.Layer, about About) (v1.Image, error) {
	created := about.Created.UTC().Truncate(time.Second)
	img, err := mutate.Append(base, mutate.Addendum{
		Layer: layer, History: v1.History{Created: v1.Time{Time: created}, CreatedBy: "nginx-scratch site"},
	})
	if err != nil {
		return nil, fmt.Errorf("adding a layer: %w", err)
	}
	digest, err := base.Digest()
	if err != nil {
		return nil, fmt.Errorf("naming the image below: %w", err)
	}
	read, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	config := read.DeepCopy()
	config.Created = v1.Time{Time: created}
	if config.Config.Labels == nil {
		config.Config.Labels = map[string]string{}
	}
	maps.Copy(config.Config.Labels, about.Labels)
	maps.Copy(config.Config.Labels, map[string]string{
		baseName: about.Base, baseDigest: digest.String(), createdKey: created.Format(time.RFC3339),
	})
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	img = mutate.Annotations(img, config.Config.Labels).(v1.Image) //nolint:forcetypeassert // gives the type it is given
	if _, err := img.Digest(); err != nil {                        // images are lazy: what cannot be encoded shows only here
		return nil, fmt.Errorf("making an image: %w", err)
	}
	return img, nil
}
