// Package release is the hand-over of a build: a named index of images, and its
// OCI layout on disk, which skopeo, crane and containerd can read.
package release

import (
	"errors"
	"fmt"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Annotations of the one entry in index.json: the tag as the OCI image layout
// specification has it, and the whole name as containerd and Docker read it.
const (
	refNameAnnotation   = "org.opencontainers.image.ref.name"
	imageNameAnnotation = "io.containerd.image.name"
)

// A Release is what a build hands over.
type Release struct {
	Name  string        // repository in its familiar form: "nginx-scratch", "ghcr.io/someone/nginx-scratch"
	Tag   string        // "static"
	Index v1.ImageIndex // one image for each platform
	// Documents describe the images. They are not in the layout: WriteDocuments
	// puts them beside it, and whoever publishes the images attests them.
	Documents []Document
}

// fullName checks name and tag and joins them, with the registry spelled out:
// "docker.io/library/nginx-scratch:static".
func (r Release) fullName() (string, error) {
	named, err := reference.ParseNormalizedNamed(r.Name)
	if err != nil {
		return "", fmt.Errorf("release name %q: %w", r.Name, err)
	}
	if reference.FamiliarName(named) != r.Name {
		return "", fmt.Errorf("release name %q: write it as %q", r.Name, reference.FamiliarName(named))
	}
	tagged, err := reference.WithTag(named, r.Tag)
	if err != nil {
		return "", fmt.Errorf("release tag %q: %w", r.Tag, err)
	}
	return tagged.String(), nil
}

// fromAnnotations is the reverse of what Write puts into index.json.
func fromAnnotations(annotations map[string]string) (Release, error) {
	full, tag := annotations[imageNameAnnotation], annotations[refNameAnnotation]
	named, err := reference.ParseNormalizedNamed(full)
	if err != nil {
		return Release{}, fmt.Errorf("annotation %s, %q: %w", imageNameAnnotation, full, err)
	}
	r := Release{Name: reference.FamiliarName(named), Tag: tag}
	if want, err := r.fullName(); err != nil || want != full {
		return Release{}, errors.Join(
			fmt.Errorf("annotations %s, %q, and %s, %q, do not agree", imageNameAnnotation, full, refNameAnnotation, tag), err)
	}
	return r, nil
}
