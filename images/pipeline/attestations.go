package pipeline

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// said is what there is to say of the index, or of the image for one platform.
type said struct {
	subject   v1.Descriptor
	documents []attest.Document
}

// said collects it from what the last build wrote: that it is ours, how it was
// made, and for each platform what is in it. All of it is said of the index too,
// which is what people name.
func (b *builder) said(index v1.Descriptor) ([]said, error) {
	provenance, err := ReadProvenance(b.Repository, b.Name, index.Digest)
	if err != nil {
		return nil, err
	}
	whole := said{index, []attest.Document{attest.Signed(), provenance}}
	var each []said
	manifest, err := b.rel.Index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	for _, entry := range manifest.Manifests {
		documents, err := b.documents(entry)
		if err != nil {
			return nil, err
		}
		each = append(each, said{entry, append([]attest.Document{attest.Signed(), provenance}, documents...)})
		whole.documents = append(whole.documents, documents...)
	}
	return append([]said{whole}, each...), nil
}

// documents are those of one platform, if they are about this very image: its
// bill of materials is in the image as well.
func (b *builder) documents(entry v1.Descriptor) ([]attest.Document, error) {
	platform := entry.Platform.String()
	all, err := release.ReadDocuments(b.dist(), tag(b.definition), platform)
	if err != nil {
		return nil, err
	}
	img, err := b.rel.Index.Image(entry.Digest)
	if err != nil {
		return nil, fmt.Errorf("reading the image for %s: %w", platform, err)
	}
	inside, err := fileOf(img, sbomPath(b.Name))
	if err != nil {
		return nil, fmt.Errorf("reading the bill of materials of the image for %s: %w", platform, err)
	}
	var documents []attest.Document
	for _, d := range all {
		if d.Kind == release.SPDX && !bytes.Equal(d.Data, inside) {
			return nil, fmt.Errorf("the documents for %s in %s are of another image than the layout: build it again", platform, b.dist())
		}
		documents = append(documents, attest.Document{PredicateType: d.Kind.PredicateType, Predicate: d.Data})
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("%s has no documents for %s: build the image again", b.dist(), platform)
	}
	return documents, nil
}

// fileOf reads a file out of an image of one layer.
func fileOf(img v1.Image, name string) (data []byte, err error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			return nil, err
		}
		data, err := find(content, name)
		if err := errors.Join(err, content.Close()); err != nil {
			return nil, err
		}
		if data != nil {
			return data, nil
		}
	}
	return nil, fmt.Errorf("the image has no %s", name)
}

func find(layer io.Reader, name string) ([]byte, error) {
	for archive := tar.NewReader(layer); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if path.Clean(h.Name) == name {
			return io.ReadAll(archive)
		}
	}
}

// signed makes artifacts of what is said, to push beside the image.
func signed(all []said, key *ecdsa.PrivateKey) ([]v1.Image, error) {
	var referrers []v1.Image
	for _, s := range all {
		images, err := attest.Referrers(key, s.subject, s.documents...)
		if err != nil {
			return nil, err
		}
		referrers = append(referrers, images...)
	}
	return referrers, nil
}

// signWithout has cosign sign what was published, with the identity of whoever
// runs this.
func (b *builder) signWithout(ctx context.Context, repository string, all []said) error {
	for _, s := range all {
		if err := Keyless(ctx, b.Options, repository+"@"+s.subject.Digest.String(), s.documents...); err != nil {
			return err
		}
	}
	return nil
}
