package publish_test

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

func TestImagesAndFind(t *testing.T) {
	t.Parallel()
	repository := memory(t, true).host() + "/house/nginx"
	p := sampleOf(t, "content")
	if err := push(t.Context(), repository, p, quick()); err != nil {
		t.Fatal(err)
	}
	r, err := publish.Connect(t.Context(), repository, quick())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := p.Index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Images(t.Context(), "latest")
	if err != nil || len(got) != len(entries.Manifests) {
		t.Fatalf("%d images, %v", len(got), err)
	}
	for i, img := range got {
		if digest(t, img) != entries.Manifests[i].Digest {
			t.Errorf("image %d is %s", i, digest(t, img))
		}
	}
	one, err := r.Images(t.Context(), entries.Manifests[0].Digest.String())
	if err != nil || len(one) != 1 || digest(t, one[0]) != entries.Manifests[0].Digest {
		t.Errorf("by digest: %d images, %v", len(one), err)
	}
	if _, desc, there, err := r.Find(t.Context(), "latest"); err != nil || !there || desc.Digest != digest(t, p.Index) {
		t.Errorf("got %s, %v, %v", desc.Digest, there, err)
	}
	if _, _, there, err := r.Find(t.Context(), "nobody"); err != nil || there {
		t.Errorf("what is not there: %v, %v", there, err)
	}

	for tag, index := range map[string]v1.ImageIndex{
		"none":   empty.Index,
		"nested": mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: p.Index}),
	} {
		ref, err := name.ParseReference(repository + ":" + tag)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(ref, index); err != nil {
			t.Fatal(err)
		}
	}
	for tag, want := range map[string]string{"nobody": "does not have it", "none": "has 0 images", "nested": "which is not an image"} {
		if _, err := r.Images(t.Context(), tag); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", tag, err, want)
		}
	}
}
