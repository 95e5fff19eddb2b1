package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Publish puts a publication into the repository and gives the digest of its
// index. What is there already is not uploaded again. No tag is moved before
// all that is under it has arrived, was read back and found to be the same to
// the byte. So whoever is interrupted when, tags lead to what is complete, and
// the next run goes on from there.
//
// One thing is done at a time, in an order that is the same in each run.
func (r *Repository) Publish(ctx context.Context, p Publication) (v1.Hash, error) {
	pl, err := newPlan(p)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("publishing: %w", err)
	}
	for _, step := range []func(context.Context, *plan) error{r.uploadBlobs, r.putManifests, r.attach, r.verify, r.tag} {
		if err := step(ctx, pl); err != nil {
			return v1.Hash{}, fmt.Errorf("publishing to %s: %w", r.repo, err)
		}
	}
	return pl.index.desc.Digest, nil
}

func (r *Repository) uploadBlobs(ctx context.Context, pl *plan) error {
	m := newMeter(r.opt.Progress, "uploading to "+r.repo.String(), pl.blobs)
	err := r.uploadEach(ctx, pl.blobs, m)
	m.task.Done(err)
	return err
}

func (r *Repository) uploadEach(ctx context.Context, blobs []blob, m *meter) error {
	for _, b := range blobs {
		// Upload asks for the blob first, and sends nothing where it is there.
		err := r.retry(ctx, "uploading blob "+b.desc.Digest.String(), func() error {
			return r.pusher.Upload(ctx, r.repo, metered{b.layer, m})
		})
		if err != nil {
			return err
		}
		m.finish(b.desc.Size)
	}
	return nil
}

// putManifests uploads the images' manifests, the index and then what is about them.
func (r *Repository) putManifests(ctx context.Context, pl *plan) error {
	all := append(append(append([]manifest{}, pl.images...), pl.index), pl.artifacts...)
	for _, m := range all {
		reference := m.desc.Digest.String()
		err := r.retry(ctx, "uploading manifest "+reference, func() error {
			_, there, err := r.get(ctx, reference)
			if err != nil || there {
				return err // what is there is looked at later, when it is read back
			}
			return r.put(ctx, reference, m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tag moves the tags, each after the one before it has been read back.
func (r *Repository) tag(ctx context.Context, pl *plan) error {
	for i, name := range pl.tags {
		err := r.retry(ctx, "moving tag "+name, func() error { return r.move(ctx, name, pl.index) })
		if err != nil && i > 0 {
			return fmt.Errorf("%w\nmoved before that: %s", err, strings.Join(pl.tags[:i], ", "))
		}
		if err != nil {
			return err
		}
		r.opt.Progress.Note("tagged " + r.repo.String() + ":" + name)
	}
	return nil
}

// move makes a tag lead to an index, and looks whether it does.
func (r *Repository) move(ctx context.Context, name string, to manifest) error {
	now, there, err := r.get(ctx, name)
	if err != nil || there && bytes.Equal(now.raw, to.raw) {
		return err
	}
	if err := r.put(ctx, name, to); err != nil {
		return err
	}
	now, there, err = r.get(ctx, name)
	if err == nil && (!there || !bytes.Equal(now.raw, to.raw)) {
		return &transientError{err: errors.New("the registry took it, but still has another image there")}
	}
	return err
}
