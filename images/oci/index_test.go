package oci_test

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
)

func forPlatform(t *testing.T, arch, variant string) v1.Image {
	t.Helper()
	c := config()
	c.Platform = v1.Platform{OS: "linux", Architecture: arch, Variant: variant}
	return image(t, sample(), c)
}

func TestIndexIsSortedAndValid(t *testing.T) {
	t.Parallel()
	amd, v6, v7 := forPlatform(t, "amd64", ""), forPlatform(t, "arm", "v6"), forPlatform(t, "arm", "v7")
	index, err := oci.Index(v7, amd, v6)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range m.Manifests {
		got = append(got, d.Platform.String())
		if d.MediaType != types.OCIManifestSchema1 {
			t.Errorf("entry of type %s", d.MediaType)
		}
	}
	if got, want := strings.Join(got, " "), "linux/amd64 linux/arm/v6 linux/arm/v7"; got != want || m.MediaType != types.OCIImageIndex {
		t.Errorf("index %s of %s, want %s", m.MediaType, got, want)
	}
	other, err := oci.Index(amd, v6, v7)
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, index) != digest(t, other) {
		t.Error("the order of images shows in the digest")
	}
}

func TestIndexRefuses(t *testing.T) {
	t.Parallel()
	img := forPlatform(t, "amd64", "")
	for name, tc := range map[string]struct {
		images []v1.Image
		want   string
	}{
		"nothing":        {nil, "no image"},
		"no platform":    {[]v1.Image{empty.Image}, "does not say its platform"},
		"platform twice": {[]v1.Image{img, forPlatform(t, "arm64", ""), img}, "two images are for linux/amd64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := oci.Index(tc.images...); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
