package publish

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// accepted are the types of manifests that are asked for.
var accepted = strings.Join([]string{
	string(types.OCIImageIndex), string(types.OCIManifestSchema1),
	string(types.DockerManifestList), string(types.DockerManifestSchema2),
}, ", ")

// ask sends a GET and reads a short answer of one of the statuses that are
// good. Header is there to see what else was said.
func (r *Repository) ask(ctx context.Context, address string, good ...int) (data []byte, answer *http.Response, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", accepted)
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // has been read
	if err := transport.CheckError(resp, good...); err != nil {
		return nil, nil, err
	}
	data, err = io.ReadAll(io.LimitReader(resp.Body, maxManifest+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(data) > maxManifest {
		return nil, nil, fmt.Errorf("the answer has more than %d bytes", maxManifest)
	}
	return data, resp, nil
}

// get reads a manifest by its digest or a tag. Nothing of it is believed: the
// digest is that of the bytes that came, whatever was asked for.
func (r *Repository) get(ctx context.Context, reference string) (m manifest, there bool, err error) {
	data, resp, err := r.ask(ctx, r.url("manifests", reference), http.StatusOK, http.StatusNotFound)
	if err != nil || resp.StatusCode == http.StatusNotFound {
		return manifest{}, false, err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(data))
	kind := types.MediaType(resp.Header.Get("Content-Type"))
	return manifest{v1.Descriptor{MediaType: kind, Digest: digest, Size: size}, data}, true, err
}

// put uploads a manifest under its digest or a tag. It is not Pusher.Put, which
// changes the fallback tag of a manifest's subject too, and only ever both.
func (r *Repository) put(ctx context.Context, reference string, m manifest) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, r.url("manifests", reference), bytes.NewReader(m.raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", string(m.desc.MediaType))
	resp, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // an answer without a body
	return transport.CheckError(resp, http.StatusOK, http.StatusCreated, http.StatusAccepted)
}
