package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/alpine"
	"github.com/nginx-scratch/nginx-scratch/images/sbom"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
	"github.com/nginx-scratch/nginx-scratch/images/vex"
)

// describe adds the licenses of all that is linked into the program, the name of
// the distribution, and a list of the components as apk has it: scanners look
// for that, and cannot see what is in a static program.
func (o *compiled) describe(_ context.Context, platform string, t *tree.Tree) ([]sbom.Component, error) {
	if err := o.addLicenses(platform, t); err != nil {
		return nil, err
	}
	components := o.components()
	arch, err := images.AlpineArch(platform)
	if err != nil {
		return nil, err
	}
	version, _ := o.version(platform)
	return components, errors.Join(
		t.Add(tree.File{Path: "etc/os-release", Mode: 0o644, Data: osRelease(version, o.definition.Image), Origin: described}),
		t.Add(tree.File{Path: alpine.DatabasePath, Mode: 0o644, Data: installed(components, arch), Origin: described}),
	)
}

// components are those of the definition.
func (o *compiled) components() []sbom.Component {
	var all []sbom.Component
	links := []string{configuration} // its start-up code
	for _, d := range o.definition.Components {
		l, _ := o.lock.Component(d.Name)
		c := sbom.Component{
			Name: d.Name, Version: d.Version, License: d.License, Revision: l.Revision(),
			Download: address(l.Source), SHA256: l.Source.SHA256,
			PURL: sbom.SourcePURL(d.Name, d.Version, address(l.Source), l.Source.SHA256), CPEs: sbom.CPEs(d.Name, d.Version),
		}
		for _, p := range l.Applied(d) {
			patch := sbom.Patch{File: p.File, SHA256: p.SHA256}
			if cve := vex.Fixes(p.File); cve != "" {
				patch.Fixes = []string{cve}
			}
			c.Patches = append(c.Patches, patch)
		}
		c.Summary = fmt.Sprintf("%s %s", d.Name, d.Version)
		if len(c.Patches) > 0 {
			c.Summary = fmt.Sprintf("%s with %d patches of %s", c.Summary, len(c.Patches), l.Revision())
		}
		all = append(all, c)
		if d.Name != "nginx" {
			links = append(links, d.Name)
		}
	}
	i := slices.IndexFunc(all, func(c sbom.Component) bool { return c.Name == "nginx" })
	all[i].Program, all[i].StaticLinks = true, links
	return all
}

// address is the first place of an input that is the same for everybody.
func address(in images.Input) string {
	for _, place := range in.Places {
		if !strings.HasPrefix(place, debianScheme) {
			return place
		}
	}
	return ""
}

// osRelease names the distribution: its own, for whoever compares versions with
// those of another would compare with the wrong ones.
func osRelease(version string, face images.Image) []byte {
	return fmt.Appendf(nil, "ID=%s\nNAME=%s\nPRETTY_NAME=\"%s %s\"\nVERSION_ID=%s\nHOME_URL=%s\n",
		project, project, project, version, version, face.Source)
}

// installed lists components as apk's database does. It has no files: those of a
// static program are not the components', and whoever finds a file in it takes
// that for the package's.
func installed(components []sbom.Component, arch string) []byte {
	var out bytes.Buffer
	for _, c := range components {
		fmt.Fprintf(&out, "P:%s\nV:%s\nA:%s\nT:%s\nU:%s\nL:%s\n\n", c.Name, c.Version, arch, c.Summary, c.Download, c.License)
	}
	return out.Bytes()
}
