package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func imageChecks() []Check {
	return []Check{{
		Name:     "layer",
		Explain:  "The image has one layer with exactly the tree, so what the other checks say of the tree is true of the image.",
		Remedy:   "Make the image from this tree and add nothing to it afterwards.",
		Profiles: every,
		Run:      layerIsTree,
	}, {
		Name:     "platform",
		Explain:  "Every program and library is for the platform that the image says it is for.",
		Remedy:   "Compile for the platform of the image, or take its packages; or correct the platform in the image's config.",
		Profiles: every,
		Run:      platform,
	}, {
		Name:     "image-config",
		Explain:  "The image starts as an ordinary user, stops gracefully, and every registry and engine can read it.",
		Remedy:   "Set a numeric user and group above 0, stop signal SIGQUIT, ports from 1024 and OCI media types where the image is made.",
		Profiles: every,
		Run:      imageConfig,
	}}
}

func imageConfig(_ context.Context, s Subject) error {
	manifest, err := s.Image.Manifest()
	if err != nil {
		return fmt.Errorf("reading the image manifest: %w", err)
	}
	file, err := s.Image.ConfigFile()
	if err != nil {
		return fmt.Errorf("reading the image config: %w", err)
	}
	errs := []error{user(file.Config.User), ports(file.Config.ExposedPorts), mediaTypes(manifest)}
	if got := file.Config.StopSignal; got != "SIGQUIT" {
		errs = append(errs, fmt.Errorf("the stop signal is %q, not SIGQUIT", got))
	}
	return errors.Join(errs...)
}

// user wants both IDs as numbers: Kubernetes cannot tell that a name is not
// root, and without a group an engine takes group 0.
func user(config string) error {
	uid, gid, _ := strings.Cut(config, ":")
	for _, id := range []string{uid, gid} {
		if n, err := strconv.ParseUint(id, 10, 31); err != nil || n == 0 {
			return fmt.Errorf("the user %q is not UID:GID, both numbers above 0", config)
		}
	}
	return nil
}

func ports(exposed map[string]struct{}) error {
	if len(exposed) == 0 {
		return errors.New("no port is exposed")
	}
	var errs []error
	for _, port := range slices.Sorted(maps.Keys(exposed)) {
		number, protocol, _ := strings.Cut(port, "/")
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n < 1024 || protocol != "tcp" && protocol != "udp" {
			errs = append(errs, fmt.Errorf("the exposed port %q is not from 1024 to 65535 with /tcp or /udp", port))
		}
	}
	return errors.Join(errs...)
}

func mediaTypes(m *v1.Manifest) error {
	var errs []error
	want := func(what string, got, want types.MediaType) {
		if got != want {
			errs = append(errs, fmt.Errorf("the %s has media type %q, not %q", what, got, want))
		}
	}
	want("manifest", m.MediaType, types.OCIManifestSchema1)
	want("config", m.Config.MediaType, types.OCIConfigJSON)
	for _, l := range m.Layers {
		want("layer "+l.Digest.String(), l.MediaType, types.OCILayer)
	}
	return errors.Join(errs...)
}
