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

// answer is a short one, read to its end.
type answer struct {
	status int
	header http.Header
	data   []byte
}

// ask sends a GET, and wants one of the statuses that are good.
func (r *Repository) ask(ctx context.Context, address string, good ...int) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", accepted)
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // has been read
	if err := transport.CheckError(resp, good...); err != nil {
		return answer{}, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxManifest+1))
	if err != nil {
		return answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	if len(data) > maxManifest {
		return answer{}, fmt.Errorf("the answer has more than %d bytes", maxManifest)
	}
	return answer{resp.StatusCode, resp.Header, data}, nil
}

// get reads a manifest by its digest or a tag. Nothing of it is believed: the
// digest is that of the bytes that came, whatever was asked for.
func (r *Repository) get(ctx context.Context, reference string) (m manifest, there bool, err error) {
	got, err := r.ask(ctx, r.url("manifests", reference), http.StatusOK, http.StatusNotFound)
	if err != nil || got.status == http.StatusNotFound {
		return manifest{}, false, err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(got.data))
	kind := types.MediaType(got.header.Get("Content-Type"))
	return manifest{v1.Descriptor{MediaType: kind, Digest: digest, Size: size}, got.data}, true, err
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
