package publish_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// artifactType is that of the referrers of samples.
const artifactType = "application/vnd.nginx-scratch.test"

// publication is an index of two images with two referrers, and one referrer of
// an image: the same bytes for the same content, in any process.
func publication(content string, tags ...string) (publish.Publication, error) {
	var all []v1.Image
	for _, architecture := range []string{"amd64", "arm64"} {
		img, err := image(architecture, content)
		if err != nil {
			return publish.Publication{}, err
		}
		all = append(all, img)
	}
	index, err := oci.Index(all...)
	if err != nil {
		return publish.Publication{}, err
	}
	p := publish.Publication{Index: index, Tags: tags}
	for _, about := range []struct {
		subject partial.Describable
		text    string
	}{{index, "signature of "}, {index, "provenance of "}, {all[1], "inventory of "}} {
		a, err := newArtifact(about.subject, about.text+content)
		if err != nil {
			return publish.Publication{}, err
		}
		p.Referrers = append(p.Referrers, a)
	}
	return p, nil
}

func image(architecture, content string) (v1.Image, error) {
	tr := tree.New()
	data := []byte(strings.Repeat(content+" "+architecture+"\n", 4000))
	if err := tr.Add(tree.File{Path: "etc/motd", Mode: 0o644, Data: data}); err != nil {
		return nil, err
	}
	return oci.Image(tr, oci.Config{
		Platform: v1.Platform{OS: "linux", Architecture: architecture}, Created: time.Unix(1_700_000_000, 0), WorkingDir: "/",
	})
}

// artifact is an OCI artifact of one blob.
type artifact struct {
	manifest []byte
	layer    v1.Layer
}

func newArtifact(subject partial.Describable, text string) (v1.Image, error) {
	about, err := partial.Descriptor(subject)
	if err != nil {
		return nil, err
	}
	layer := static.NewLayer([]byte(text), "text/plain")
	digest, err := layer.Digest()
	if err != nil {
		return nil, err
	}
	config, size, err := v1.SHA256(strings.NewReader("{}"))
	if err != nil {
		return nil, err
	}
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: artifactType,
		Config:      v1.Descriptor{MediaType: types.OCIEmptyJSON, Digest: config, Size: size},
		Layers:      []v1.Descriptor{{MediaType: "text/plain", Digest: digest, Size: int64(len(text))}},
		Annotations: map[string]string{"text": text},
		Subject:     &v1.Descriptor{MediaType: about.MediaType, Digest: about.Digest, Size: about.Size},
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&artifact{raw, layer})
}

func (a *artifact) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
func (a *artifact) RawManifest() ([]byte, error)        { return a.manifest, nil }
func (a *artifact) RawConfigFile() ([]byte, error)      { return []byte("{}"), nil }

func (a *artifact) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	if digest, err := a.layer.Digest(); err != nil || digest != h {
		return nil, fmt.Errorf("no layer %s", h)
	}
	return a.layer, nil
}
