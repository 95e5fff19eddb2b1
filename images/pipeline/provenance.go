package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
)

const (
	// provenanceFile says how the image beside it was made, below dist/NAME.
	provenanceFile = "provenance.json"

	// localBuilder is whoever builds on a machine of theirs.
	localBuilder = "https://github.com/nginx-scratch/nginx-scratch/local-build"
)

// identify writes down who builds and from what, before anything is made of it.
func (b *builder) identify(ctx context.Context) error {
	id := cmp.Or(b.Env.Getenv(builderVariable), localBuilder)
	if u, err := url.Parse(id); err != nil || u.Scheme == "" {
		return fmt.Errorf("%s is %q: it must be an address, such as https://ci.example/nginx-scratch", builderVariable, id)
	}
	source, err := commitOf(ctx, b.Repository, b.definition.Image.Source)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		b.out.Note(fmt.Sprintf("provenance: the commit is not known: %v", err))
	}
	r := &b.record
	r.Source = source
	r.Definition, r.Platforms = b.Name, b.Platforms
	r.SourceDateEpoch, r.FormatVersion = b.lock.SourceDateEpoch, oci.FormatVersion
	r.Builder = id
	r.Invocation = cmp.Or(b.Env.Getenv(invocationVariable), rand.Text())
	r.Inputs, err = b.ownInputs()
	return err
}

// provenance writes how the image was made to dist/NAME, as a statement about the
// index that is not signed. Its times are those of this build: it is not part of
// the image, whose digest it must not change.
func (b *builder) provenance() error {
	index, err := b.rel.Index.Digest()
	if err != nil {
		return fmt.Errorf("computing the digest: %w", err)
	}
	if err := b.origin.made(&b.record); err != nil {
		return fmt.Errorf("describing the build: %w", err)
	}
	b.record.Finished = b.Now()
	text, err := provenanceText(b.record, index)
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(b.dist(), provenanceFile), text); err != nil {
		return fmt.Errorf("writing the provenance: %w", err)
	}
	return nil
}

// provenanceText is the statement, laid out for people.
func provenanceText(record attest.Build, index v1.Hash) ([]byte, error) {
	document, err := record.Document()
	if err != nil {
		return nil, err
	}
	line, err := attest.Statement{Subject: index, Document: document}.Encode()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, line, "", "  "); err != nil {
		return nil, fmt.Errorf("laying out the provenance: %w", err)
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// ReadProvenance reads what a build wrote beside the layout of the definition name
// in the checkout repository. It is refused if it is not about the index, for then
// the build that wrote it, or the layout, was not the last.
func ReadProvenance(repository, name string, index v1.Hash) (attest.Document, error) {
	path := filepath.Join(repository, "dist", name, provenanceFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return attest.Document{}, fmt.Errorf("reading the provenance: %w: build the image again", err)
	}
	s, err := attest.ParseStatement(data)
	if err != nil {
		return attest.Document{}, fmt.Errorf("%s: %w: build the image again", path, err)
	}
	if s.Subject != index || s.PredicateType != attest.Provenance {
		return attest.Document{}, fmt.Errorf("%s is %s of %s, not of the image, which is %s: build it again", path, s.PredicateType, s.Subject, index)
	}
	return s.Document, nil
}
