// Package oci turns a tree into an OCI image, and images into an index of
// platforms. The same input gives the same bytes, whatever the machine, its
// clock, its time zone or the release of Go.
package oci

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

const (
	// FormatVersion numbers what this package does to its input. A change that
	// gives other bytes for the same input raises it, one to deflate too, and so does
	// a module or a Go release that makes the golden digests of the tests fail.
	FormatVersion = 2

	// FormatLabel is the label and annotation that carries FormatVersion.
	FormatLabel = "io.github.nginx-scratch.format-version"

	createdBy = "nginx-scratch"
)

// A Config is what an image says about itself.
type Config struct {
	Platform     v1.Platform       // OS and Architecture are required; Features is not used
	Created      time.Time         // from 1970 on; whole seconds are used, also for every file in the layer
	User         string            // "65532:65532"
	ExposedPorts []string          // "8080/tcp"
	StopSignal   string            // "SIGQUIT"
	WorkingDir   string            // absolute, or empty for the runtime's own
	Entrypoint   []string          // argv
	Cmd          []string          // argv, appended to Entrypoint
	Healthcheck  *v1.HealthConfig  // Docker's addition to the format; nil for none
	Env          []string          // "NAME=value"
	Labels       map[string]string // also set as annotations of the manifest; Image adds FormatLabel
	// Deflate compresses the content of a file of 64 KB or more as deflate.Append does,
	// which takes longer than all the rest of an image, or knows what that gave before. It is called
	// for several at once. Nil for deflate.Append.
	Deflate func(dst, content []byte) []byte
}

// Image makes an image of one layer that holds t.
func Image(t *tree.Tree, c Config) (v1.Image, error) {
	if c.Platform.OS == "" || c.Platform.Architecture == "" {
		return nil, fmt.Errorf("making an image: platform %q must have an operating system and an architecture", c.Platform)
	}
	if c.Created.Unix() < 0 {
		return nil, fmt.Errorf("making an image: it cannot be created at %v, before 1970", c.Created)
	}
	c.Created = c.Created.UTC().Truncate(time.Second)
	c.Labels = withFormat(c.Labels)

	layer, diffID, err := newLayer(t, c)
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	// empty.Image has the media types of Docker, which must not get through.
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		return nil, fmt.Errorf("making an image: %w", err)
	}
	if img, err = mutate.ConfigFile(img, configFile(c, diffID)); err != nil {
		return nil, fmt.Errorf("making an image: %w", err)
	}
	img = mutate.Annotations(img, c.Labels).(v1.Image) //nolint:forcetypeassert // gives the type it is given
	if _, err := img.Digest(); err != nil {            // images are lazy: what cannot be encoded shows only here
		return nil, fmt.Errorf("making an image: %w", err)
	}
	return img, nil
}

// configFile is the configuration of an image with the one layer diffID. It
// shares no memory with c.
func configFile(c Config, diffID v1.Hash) *v1.ConfigFile {
	ports := map[string]struct{}{}
	for _, port := range c.ExposedPorts {
		ports[port] = struct{}{}
	}
	created := v1.Time{Time: c.Created}
	file := &v1.ConfigFile{
		OS:           c.Platform.OS,
		Architecture: c.Platform.Architecture,
		Variant:      c.Platform.Variant,
		OSVersion:    c.Platform.OSVersion,
		OSFeatures:   c.Platform.OSFeatures,
		Created:      created,
		History:      []v1.History{{Created: created, CreatedBy: createdBy}},
		RootFS:       v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{diffID}},
		Config: v1.Config{
			User:         c.User,
			ExposedPorts: ports,
			StopSignal:   c.StopSignal,
			WorkingDir:   c.WorkingDir,
			Entrypoint:   c.Entrypoint,
			Cmd:          c.Cmd,
			Healthcheck:  c.Healthcheck,
			Env:          c.Env,
			Labels:       c.Labels,
		},
	}
	return file.DeepCopy()
}

func withFormat(labels map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, labels)
	all[FormatLabel] = strconv.Itoa(FormatVersion)
	return all
}
