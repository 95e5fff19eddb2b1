package pipeline

import (
	"context"
	"fmt"
	"path"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/sbom"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
	"github.com/nginx-scratch/nginx-scratch/images/vex"
)

// described is the origin of files that say what the image is and has.
var described = tree.Origin{Component: project, Path: "description"}

// sbomPath is where the image has its own bill of materials, in SPDX.
func sbomPath(name string) string { return path.Join("var/lib/db/sbom", name+".spdx.json") }

// describe adds to the tree what tells scanners of it, and returns all that is
// said of the image.
func (b *builder) describe(ctx context.Context, platform string, t *tree.Tree) ([]release.Document, error) {
	components, err := b.origin.describe(ctx, platform, t)
	if err != nil {
		return nil, fmt.Errorf("describing the image: %w", err)
	}
	face := b.definition.Image
	_, revision := b.origin.version(platform)
	image := sbom.Image{
		Name: project, Tag: tag(b.definition), Platform: platform, Version: revision, License: face.Licenses, Source: face.Source,
		Repository: face.Repository, Created: b.lock.Epoch(), Tree: t, Excluded: []string{sbomPath(b.Name)},
		Components: append([]sbom.Component{own(face.Source, revision)}, components...),
	}
	spdx, err := sbom.SPDX(image)
	if err != nil {
		return nil, err
	}
	cyclonedx, err := sbom.CycloneDX(image)
	if err != nil {
		return nil, err
	}
	documents := []release.Document{
		{Kind: release.SPDX, Platform: platform, Data: spdx}, {Kind: release.CycloneDX, Platform: platform, Data: cyclonedx},
	}
	claims, err := b.origin.claims(ctx, platform, t)
	if err != nil {
		return nil, err
	}
	if len(claims) > 0 {
		purls := map[string][]string{}
		for _, c := range image.Components {
			purls[c.Name] = append([]string{c.PURL}, sbom.FoundPURLs(project, c.Name, c.Version)...)
		}
		openvex, err := vex.Document(vex.Product{
			PURL: image.PURL(), Components: purls, Source: face.Source, Author: project, Time: b.lock.Epoch(),
		}, claims)
		if err != nil {
			return nil, err
		}
		documents = append(documents, release.Document{Kind: release.OpenVEX, Platform: platform, Data: openvex})
	}
	// Last, for the document cannot have its own checksum.
	return documents, t.Add(tree.File{Path: sbomPath(b.Name), Mode: 0o644, Data: spdx, Origin: described})
}

// configuration is the component of the repository's own files.
const configuration = project + "-configuration"

// own is what is from this repository. Its version is that of the image: the
// commit is left out, as everywhere in the image.
func own(source, revision string) sbom.Component {
	return sbom.Component{
		Name: configuration, Origin: project, Version: revision, License: "Apache-2.0", Supplier: project,
		Summary: "configuration, pages and accounts", PURL: sbom.ProjectPURL(configuration, revision, source), Homepage: source,
	}
}

// SBOM builds the images and returns one document about the first platform:
// spdx, cyclonedx or openvex.
func SBOM(ctx context.Context, o Options, format string) (string, error) {
	if _, err := kind(format); err != nil {
		return "", err
	}
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	b := builder{Options: o, out: out}
	if err := b.build(ctx); err != nil {
		return "", interrupted(ctx, err)
	}
	for _, d := range b.products[0].documents {
		if d.Kind.Name == format {
			return string(d.Data), nil
		}
	}
	return "", fmt.Errorf("there is no %s for %s: nothing is known that could be claimed of it", format, o.Name)
}

func kind(format string) (release.Kind, error) {
	var names []string
	for _, k := range release.Kinds {
		if k.Name == format {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return release.Kind{}, fmt.Errorf("format %q: it must be one of %q", format, names)
}
