package sbom

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/google/uuid"
)

// CycloneDX is the image as CycloneDX 1.6 in JSON. Files are below the
// component that they were made from, patches in its pedigree.
func CycloneDX(i Image) ([]byte, error) {
	files, err := i.spdxFiles()
	if err != nil {
		return nil, fmt.Errorf("describing %s in CycloneDX: %w", i.Name, err)
	}
	return document(func(hash string) ([]byte, error) {
		bom := i.cyclonedx(files)
		if hash != "" {
			bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, []byte(i.Source+"/cyclonedx/"+hash)).URN()
		}
		var out bytes.Buffer
		e := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON)
		err := e.SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
		return out.Bytes(), err
	})
}

func (i Image) cyclonedx(files []file) *cyclonedx.BOM {
	bom := cyclonedx.NewBOM()
	image := cyclonedx.Component{
		BOMRef: "image", Type: cyclonedx.ComponentTypeContainer, Name: i.Name, Version: i.Version, PackageURL: i.PURL(),
		Licenses: licenses(i.License), Supplier: organization(project),
		ExternalReferences: references(cyclonedx.ERTypeVCS, i.Source, ""),
		Properties: &[]cyclonedx.Property{
			{Name: project + ":platform", Value: i.Platform}, {Name: project + ":tag", Value: i.Tag},
		},
	}
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: i.Created.UTC().Format(time.RFC3339), Component: &image,
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{
			{Type: cyclonedx.ComponentTypeApplication, Name: project, ExternalReferences: references(cyclonedx.ERTypeVCS, i.Source, "")},
		}},
	}
	below := map[string][]cyclonedx.Component{}
	for _, f := range files {
		below[f.component.Name] = append(below[f.component.Name], cyclonedx.Component{
			BOMRef: "file:" + f.path, Type: cyclonedx.ComponentTypeFile, Name: "/" + f.path,
			Hashes: &[]cyclonedx.Hash{
				{Algorithm: cyclonedx.HashAlgoSHA1, Value: f.sha1}, {Algorithm: cyclonedx.HashAlgoSHA256, Value: f.sha256},
			},
		})
	}
	var components []cyclonedx.Component
	whole := cyclonedx.Dependency{Ref: image.BOMRef, Dependencies: &[]string{}}
	dependencies := []cyclonedx.Dependency{whole}
	for _, c := range i.Components {
		component := c.cyclonedx()
		if list := below[c.Name]; len(list) > 0 {
			component.Components = &list
		}
		components = append(components, component)
		*whole.Dependencies = append(*whole.Dependencies, component.BOMRef)
		links := slices.Concat(c.StaticLinks, c.DynamicLinks)
		for n, name := range links {
			links[n] = ref(name)
		}
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: component.BOMRef, Dependencies: &links})
	}
	bom.Components, bom.Dependencies = &components, &dependencies
	return bom
}

func ref(name string) string { return "component:" + name }

func (c Component) cyclonedx() cyclonedx.Component {
	out := cyclonedx.Component{
		BOMRef: ref(c.Name), Type: cyclonedx.ComponentTypeLibrary, Name: c.Name, Version: c.Version, Description: c.Summary,
		PackageURL: c.PURL, Licenses: licenses(c.License), Supplier: organization(c.Supplier), Pedigree: c.pedigree(),
	}
	if c.Program {
		out.Type = cyclonedx.ComponentTypeApplication
	}
	if len(c.CPEs) > 0 {
		out.CPE = c.CPEs[0] // there is room for one
	}
	for n, cpe := range c.CPEs {
		if n > 0 {
			out.Properties = appended(out.Properties, cyclonedx.Property{Name: project + ":cpe23", Value: cpe})
		}
	}
	if c.Download != "" {
		out.ExternalReferences = references(cyclonedx.ERTypeDistribution, c.Download, c.SHA256)
	}
	if c.Homepage != "" {
		out.ExternalReferences = appended(out.ExternalReferences, cyclonedx.ExternalReference{Type: cyclonedx.ERTypeWebsite, URL: c.Homepage})
	}
	return out
}

// pedigree says what was changed in the source, and what that fixes.
func (c Component) pedigree() *cyclonedx.Pedigree {
	if len(c.Patches) == 0 {
		return nil
	}
	var patches []cyclonedx.Patch
	for _, p := range c.Patches {
		patch := cyclonedx.Patch{
			Type: cyclonedx.PatchTypeBackport,
			Diff: &cyclonedx.Diff{URL: "urn:sha256:" + p.SHA256},
		}
		for _, id := range p.Fixes {
			patch.Resolves = appended(patch.Resolves, cyclonedx.Issue{Type: cyclonedx.IssueTypeSecurity, ID: id, Name: p.File})
		}
		if len(p.Fixes) == 0 {
			patch.Resolves = appended(patch.Resolves, cyclonedx.Issue{Type: cyclonedx.IssueTypeDefect, Name: p.File})
		}
		patches = append(patches, patch)
	}
	return &cyclonedx.Pedigree{Patches: &patches, Notes: "Patches of " + c.Revision + ", in the order in which they are applied."}
}

// licenses passes on what is an SPDX expression as one, and else as a name.
func licenses(expression string) *cyclonedx.Licenses {
	if expression == "" {
		return nil
	}
	if ok, _ := spdxexp.ValidateLicenses([]string{expression}); ok {
		return &cyclonedx.Licenses{{Expression: expression}}
	}
	return &cyclonedx.Licenses{{License: &cyclonedx.License{Name: expression}}}
}

func organization(name string) *cyclonedx.OrganizationalEntity {
	if name == "" {
		return nil
	}
	return &cyclonedx.OrganizationalEntity{Name: name}
}

func references(kind cyclonedx.ExternalReferenceType, address, sha256 string) *[]cyclonedx.ExternalReference {
	r := cyclonedx.ExternalReference{Type: kind, URL: address}
	if sha256 != "" {
		r.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: strings.ToLower(sha256)}}
	}
	return &[]cyclonedx.ExternalReference{r}
}

// appended adds to one of the library's lists, which are nil where they are empty.
func appended[T any](list *[]T, v T) *[]T {
	all := append(*cmp.Or(list, &[]T{}), v)
	return &all
}
