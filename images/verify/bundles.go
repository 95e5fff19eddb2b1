package verify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/content"
)

const (
	maxReferrers = 1000     // that are looked at; whoever can write to a registry can add some
	maxBundle    = 16 << 20 // bytes
)

// signed reads what a key has signed about an image.
func signed(ctx context.Context, from content.Source, key *ecdsa.PublicKey, subject v1.Hash) (statements, error) {
	bundles, refused, err := Bundles(ctx, from, subject)
	if err != nil {
		return statements{}, err
	}
	s := statements{subject: subject, refused: refused}
	var others []error
	s.all, others = attest.VerifyAll(bundles, key, subject)
	s.refused = append(s.refused, others...)
	return s, nil
}

// Bundles are those that refer to an image, whoever has signed them, and why others
// cannot be read.
func Bundles(ctx context.Context, from content.Source, subject v1.Hash) (bundles [][]byte, refused []error, err error) {
	// Some registries do not know the type of what they list, or say another one: so all
	// are looked at.
	listed, err := from.Referrers(ctx, subject, "")
	if err != nil {
		return nil, nil, err
	}
	if len(listed) > maxReferrers {
		refused = append(refused, fmt.Errorf("%d artifacts refer to it, and only %d are looked at", len(listed), maxReferrers))
		listed = listed[:maxReferrers]
	}
	for _, d := range listed {
		data, err := bundle(ctx, from, d.Digest)
		switch {
		case errors.Is(err, content.ErrDamaged):
			refused = append(refused, fmt.Errorf("referrer %s: %w", d.Digest, err))
		case err != nil:
			return nil, nil, err
		case data != nil:
			bundles = append(bundles, data)
		}
	}
	return bundles, refused, nil
}

// bundle reads the bundle in an artifact, or nil where it is another one.
func bundle(ctx context.Context, from content.Source, digest v1.Hash) ([]byte, error) {
	raw, _, err := from.Manifest(ctx, digest.String())
	if err != nil {
		return nil, err
	}
	if sum, _, err := v1.SHA256(bytes.NewReader(raw)); err != nil || sum != digest {
		return nil, fmt.Errorf("%w: the manifest has other bytes", content.ErrDamaged)
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: reading the manifest: %w", content.ErrDamaged, err)
	}
	if len(m.Layers) != 1 || m.Layers[0].MediaType != attest.BundleType {
		return nil, nil
	}
	return content.Bytes(ctx, from, m.Layers[0], maxBundle)
}

// printable is text of strangers without what could steer a terminal, and not too long.
func printable(text string) string {
	const most = 300
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
