package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestReferrers(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	subject := v1.Descriptor{
		MediaType: types.OCIImageIndex, Digest: digest("a"), Size: 7,
		Annotations: map[string]string{"where": "found"}, Platform: &v1.Platform{OS: "linux"},
	}
	all, err := Referrers(key, subject, Signed(), Document{SPDX, json.RawMessage(`{"a":1}`)})
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	for i, predicateType := range []string{Signature, SPDX} {
		bundle, err := Bundle(all[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(bundle, &key.PublicKey, digest("a"), predicateType); err != nil {
			t.Error(err)
		}
		sum, size, err := v1.SHA256(bytes.NewReader(bundle))
		if err != nil {
			t.Fatal(err)
		}
		want := v1.Manifest{
			SchemaVersion: 2, MediaType: "application/vnd.oci.image.manifest.v1+json",
			ArtifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
			Config: v1.Descriptor{MediaType: "application/vnd.oci.empty.v1+json", Size: 2, Digest: v1.Hash{
				Algorithm: "sha256", Hex: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
			}},
			Layers:  []v1.Descriptor{{MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", Size: size, Digest: sum}},
			Subject: &v1.Descriptor{MediaType: types.OCIImageIndex, Digest: digest("a"), Size: 7},
			Annotations: map[string]string{
				"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicateType,
			},
		}
		got, err := all[i].Manifest()
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		descriptor, err := partial.Descriptor(all[i])
		if err != nil || descriptor.ArtifactType != BundleType {
			t.Errorf("the descriptor is %+v, %v", descriptor, err)
		}
	}
	if _, err := Referrers(key, subject, Document{SPDX, json.RawMessage("[]")}); err == nil || !strings.HasPrefix(err.Error(), SPDX+" of sha256:aaa") {
		t.Errorf("a list passed for a document: %v", err)
	}
}

// remote.Write pushes a referrer such that a registry finds it, whether it knows
// the referrers API or not.
func TestThroughARegistry(t *testing.T) {
	t.Parallel()
	for _, support := range []bool{true, false} {
		server := httptest.NewServer(registry.New(registry.WithReferrersSupport(support), registry.Logger(log.New(io.Discard, "", 0))))
		t.Cleanup(server.Close)
		repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/nginx-scratch")
		if err != nil {
			t.Fatal(err)
		}
		image, err := random.Image(10, 1)
		if err != nil {
			t.Fatal(err)
		}
		subject, err := partial.Descriptor(image)
		if err != nil {
			t.Fatal(err)
		}
		key := newKey(t)
		referrers, err := Referrers(key, *subject, Signed(), Document{OpenVEX, json.RawMessage("{}")})
		if err != nil {
			t.Fatal(err)
		}
		about := repository.Digest(subject.Digest.String())
		for range 2 { // the second time adds nothing
			for _, r := range append([]v1.Image{image}, referrers...) {
				d, err := r.Digest()
				if err != nil {
					t.Fatal(err)
				}
				if err := remote.Write(repository.Digest(d.String()), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		index, err := remote.Referrers(about)
		if err != nil {
			t.Fatal(err)
		}
		found, err := index.IndexManifest()
		if err != nil || len(found.Manifests) != 2 {
			t.Fatalf("with the API %v: %+v, %v", support, found, err)
		}
		var bundles [][]byte
		for _, d := range found.Manifests {
			r, err := remote.Image(repository.Digest(d.Digest.String()))
			if err != nil {
				t.Fatal(err)
			}
			bundle, err := Bundle(r)
			if err != nil {
				t.Fatal(err)
			}
			bundles = append(bundles, bundle)
		}
		if valid, errs := VerifyAll(bundles, &key.PublicKey, subject.Digest); len(valid) != 2 || len(errs) > 0 {
			t.Errorf("with the API %v: %+v, %v", support, valid, errs)
		}
	}
}

func TestBundleRefuses(t *testing.T) {
	t.Parallel()
	layers := func(all ...v1.Layer) v1.Image {
		image, err := mutate.AppendLayers(empty.Image, all...)
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	for name, c := range map[string]struct {
		image v1.Image
		want  string
	}{
		"no layer":      {empty.Image, "it has 0 layers"},
		"two layers":    {layers(static.NewLayer([]byte("a"), BundleType), static.NewLayer([]byte("b"), BundleType)), "it has 2 layers"},
		"another type":  {layers(static.NewLayer([]byte("a"), types.OCILayer)), "it holds"},
		"too long":      {layers(static.NewLayer(make([]byte, limit+1), BundleType)), "more than 16777216 bytes"},
		"cannot be had": {layers(broken{static.NewLayer([]byte("a"), BundleType)}), "reading a referrer: cut"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Bundle(c.image)
			refused(t, err, c.want)
		})
	}
}

// A broken layer is one whose connection is cut.
type broken struct{ v1.Layer }

func (broken) Compressed() (io.ReadCloser, error) {
	r, w := io.Pipe()
	return r, w.CloseWithError(errors.New("cut"))
}

func TestReferrerIsWhole(t *testing.T) {
	t.Parallel()
	all, err := Referrers(newKey(t), v1.Descriptor{MediaType: types.OCIImageIndex, Digest: digest("a"), Size: 7}, Signed())
	if err != nil {
		t.Fatal(err)
	}
	// It is no image to run, so its blobs are validated, and its configuration is not.
	layers, err := all[0].Layers()
	if err != nil || len(layers) != 1 {
		t.Fatal(layers, err)
	}
	if err := validate.Layer(layers[0], validate.Fast); err != nil {
		t.Error(err)
	}
	if _, err := all[0].LayerByDigest(digest("f")); err == nil {
		t.Error("there is a blob that is not there")
	}
}
