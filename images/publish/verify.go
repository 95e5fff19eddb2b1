package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// verify reads back all of a plan, whether it was uploaded now or was there
// before: whoever pulls gets what was built, or nobody does.
func (r *Repository) verify(ctx context.Context, pl *plan) error {
	for _, m := range append(append(append([]manifest{}, pl.images...), pl.index), pl.artifacts...) {
		reference := m.desc.Digest.String()
		err := r.retry(ctx, "reading back manifest "+reference, func() error {
			got, there, err := r.get(ctx, reference)
			switch {
			case err != nil:
				return err
			case !there:
				return &transientError{err: errors.New("the registry does not have it yet")}
			case !bytes.Equal(got.raw, m.raw):
				return fmt.Errorf("the registry has other bytes there, with digest %s: nothing is tagged", got.desc.Digest)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	m := newMeter(r.opt.Progress, "reading back from "+r.repo.String(), pl.blobs)
	err := r.verifyEach(ctx, pl.blobs, m)
	m.task.Done(err)
	return err
}

func (r *Repository) verifyEach(ctx context.Context, blobs []blob, m *meter) error {
	for _, b := range blobs {
		err := r.retry(ctx, "reading back blob "+b.desc.Digest.String(), func() error {
			digest, size, err := r.hash(ctx, b.desc, m)
			if err == nil && (digest != b.desc.Digest || size != b.desc.Size) {
				return fmt.Errorf("the registry has other bytes there, %d with digest %s: nothing is tagged", size, digest)
			}
			return err
		})
		if err != nil {
			return err
		}
		m.finish(b.desc.Size)
	}
	return nil
}

// hash reads a blob, but no further than one byte after its end.
func (r *Repository) hash(ctx context.Context, want v1.Descriptor, m *meter) (v1.Hash, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.BlobURL(want.Digest), http.NoBody)
	if err != nil {
		return v1.Hash{}, 0, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return v1.Hash{}, 0, err
	}
	defer func() { _ = resp.Body.Close() }() // has been read
	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		if resp.StatusCode == http.StatusNotFound {
			return v1.Hash{}, 0, &transientError{err: err} // it has it, but not yet everywhere
		}
		return v1.Hash{}, 0, err
	}
	return v1.SHA256(io.LimitReader(m.watch(resp.Body), want.Size+1))
}
