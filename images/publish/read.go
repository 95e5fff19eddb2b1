package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// What a registry does wrong that is no fault of the way to it.
var (
	ErrMissing    = errors.New("the registry does not have it")
	ErrOtherBytes = errors.New("the registry sent other bytes")
)

// Manifest reads a manifest or an index by its digest ("sha256:...") or a tag.
// The descriptor is that of the bytes; if a digest was asked for, they have it.
func (r *Repository) Manifest(ctx context.Context, reference string) (raw []byte, desc v1.Descriptor, err error) {
	raw, desc, there, err := r.Find(ctx, reference)
	if err == nil && !there {
		err = fmt.Errorf("reading %s %s: %w: %s", r.repo, reference, ErrMissing, r.repo.RegistryStr())
	}
	return raw, desc, err
}

// Find is as Manifest, but a manifest that is not there is no error.
func (r *Repository) Find(ctx context.Context, reference string) (raw []byte, desc v1.Descriptor, there bool, err error) {
	err = r.retry(ctx, "reading "+r.repo.String()+" "+reference, func() error {
		m, found, err := r.get(ctx, reference)
		switch {
		case err != nil || !found:
			return err
		case strings.HasPrefix(reference, "sha256:") && m.desc.Digest.String() != reference:
			return fmt.Errorf("%w, with digest %s", ErrOtherBytes, m.desc.Digest)
		}
		raw, desc, there = m.raw, m.desc, true
		return nil
	})
	return raw, desc, there, err
}

// Referrers lists the artifacts that refer to a manifest, those of a type or, if
// that is empty, all. Anybody who may write there can add some, and some
// registries do not know the type of what they list.
func (r *Repository) Referrers(ctx context.Context, subject v1.Hash, artifactType string) (found []v1.Descriptor, err error) {
	err = r.retry(ctx, "listing what refers to "+subject.String(), func() error {
		listed, api, err := r.byAPI(ctx, subject)
		if err != nil {
			return err
		}
		if !api {
			m, there, err := r.get(ctx, fallbackTag(subject))
			if err != nil || !there {
				return err
			}
			var index v1.IndexManifest
			if err := json.Unmarshal(m.raw, &index); err != nil {
				return fmt.Errorf("reading tag %s: %w", fallbackTag(subject), err)
			}
			listed = index.Manifests
		}
		found = nil
		for _, d := range listed {
			if artifactType == "" || d.ArtifactType == artifactType {
				found = append(found, d)
			}
		}
		return nil
	})
	return found, err
}

// Blob opens a blob of the repository. Whoever reads it has to look whether it is
// what was asked for, and not to read on for ever. A connection that is cut in
// between is not made again.
func (r *Repository) Blob(ctx context.Context, digest v1.Hash) (content io.ReadCloser, err error) {
	err = r.retry(ctx, "reading blob "+digest.String(), func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.BlobURL(digest), http.NoBody)
		if err != nil {
			return err
		}
		resp, err := r.client.Do(req)
		if err != nil {
			return err
		}
		if err := transport.CheckError(resp, http.StatusOK); err != nil {
			_ = resp.Body.Close() // has been read
			if resp.StatusCode == http.StatusNotFound {
				return fmt.Errorf("%w: %w", ErrMissing, err)
			}
			return err
		}
		content = resp.Body
		return nil
	})
	return content, err
}
