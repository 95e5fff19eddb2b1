package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/content"
	"github.com/nginx-scratch/nginx-scratch/images/diff"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/verify"
)

// DiffOptions say which images to compare, and how to say it.
type DiffOptions struct {
	Before, After string // each the name of a definition, for its last build, a layout or a reference
	Format        string // one of diff.Formats
	Insecure      bool   // http is good enough
	ExitCode      bool   // that they differ is an error
}

// Diff compares two images, and returns the report.
func Diff(ctx context.Context, o Options, d DiffOptions) (string, error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	if _, err := (diff.Report{}).Format(d.Format); err != nil {
		return "", err
	}
	var sides [2]diff.Side
	for i, word := range []string{d.Before, d.After} {
		task := out.Start("reading "+word, 0)
		side, err := o.side(ctx, word, d.Insecure, out)
		task.Done(err)
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", word, err)
		}
		sides[i] = side
	}
	report := diff.Compare(sides[0], sides[1])
	text, err := report.Format(d.Format)
	if err == nil && d.ExitCode && !report.Same {
		err = &VerdictError{StatusFailed, fmt.Sprintf("%s and %s differ", d.Before, d.After)}
	}
	return text, err
}

func (o Options) side(ctx context.Context, word string, insecure bool, out *progress.Output) (diff.Side, error) {
	found, err := o.open(ctx, word, insecure, out)
	if err != nil {
		return diff.Side{}, err
	}
	s := diff.Side{Name: word, Digest: found.Descriptor.Digest.String()}
	if s.Images, err = found.images(ctx); err != nil {
		return s, err
	}
	s.Fixed, err = o.fixed(ctx, found)
	return s, err
}

// fixed are the CVEs that an image's documents say are fixed, whoever says so, or nil
// where there are no documents.
func (o Options) fixed(ctx context.Context, found opened) (map[string][]string, error) {
	all, known := map[string][]string{}, false
	if found.definition != "" {
		for _, e := range found.Images {
			documents, err := o.beside(found, e.Platform)
			if err != nil {
				return nil, err
			}
			for _, d := range documents {
				known, all[e.Platform] = true, append(all[e.Platform], claims(d)...)
			}
		}
	}
	for _, e := range append(slices.Clone(found.Images), content.Entry{Descriptor: found.Descriptor}) {
		bundles, _, err := verify.Bundles(ctx, found.Source, e.Descriptor.Digest)
		if err != nil {
			return nil, err
		}
		for _, b := range bundles {
			s, err := attest.Unverified(b)
			if err != nil || s.Subject != e.Descriptor.Digest {
				continue
			}
			// What is said of the index is of any platform: only what it was made from is of all.
			if e.Platform == "" && len(found.Images) > 1 && s.PredicateType != attest.Provenance {
				continue
			}
			known, all[e.Platform] = true, append(all[e.Platform], claims(s.Document)...)
		}
	}
	if !known {
		return nil, nil //nolint:nilnil // nobody says anything
	}
	return all, nil
}

// beside are the documents beside the layout of the last build.
func (o Options) beside(found opened, platform string) (all []attest.Document, err error) {
	definition, err := loadDefinition(o.Repository, found.definition)
	if err != nil {
		return nil, err
	}
	written, err := release.ReadDocuments(filepath.Join(o.Repository, "dist", found.definition), tag(definition), platform)
	if err != nil {
		return nil, err
	}
	for _, d := range written {
		all = append(all, attest.Document{PredicateType: d.Kind.PredicateType, Predicate: d.Data})
	}
	if provenance, err := ReadProvenance(o.Repository, found.definition, found.Descriptor.Digest); err == nil {
		all = append(all, provenance) // else it is of another build, and says nothing of this one
	}
	return all, nil
}

var cve = regexp.MustCompile(`CVE-[0-9]{4}-[0-9]{4,}`)

// claims are the CVEs that a document says are fixed: by patches that are named after
// them, or outright.
func claims(d attest.Document) (found []string) {
	switch d.PredicateType {
	case attest.Provenance:
		made, err := d.Made()
		if err != nil {
			return nil
		}
		for _, in := range made.Inputs {
			if in.About["role"] == "patch" {
				found = append(found, cve.FindAllString(in.Name, -1)...)
			}
		}
	case attest.OpenVEX:
		var vex struct {
			Statements []struct {
				Vulnerability struct {
					Name string `json:"name"`
				} `json:"vulnerability"`
				Status string `json:"status"`
			} `json:"statements"`
		}
		if json.Unmarshal(d.Predicate, &vex) != nil {
			return nil
		}
		for _, s := range vex.Statements {
			if s.Status == "fixed" {
				found = append(found, cve.FindAllString(s.Vulnerability.Name, -1)...)
			}
		}
	}
	return found
}
