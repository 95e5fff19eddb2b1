package bundle

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// about is what the artifacts of tests refer to.
func about() v1.Descriptor {
	return v1.Descriptor{
		MediaType: types.OCIImageIndex, Size: 7, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("a", 64)},
		Annotations: map[string]string{"not": "carried over"},
	}
}

func TestReferrers(t *testing.T) {
	t.Parallel()
	items := sample(t)
	artifacts, err := Referrers(items, about())
	if err != nil || len(artifacts) != 3 {
		t.Fatalf("%d artifacts, %v", len(artifacts), err)
	}
	var got []Item
	for _, a := range artifacts {
		raw, err := a.RawManifest()
		if err != nil {
			t.Fatal(err)
		}
		m, err := a.Manifest()
		if err != nil || m.Subject == nil || m.Subject.Digest != about().Digest || m.Subject.Annotations != nil || m.ArtifactType != ArtifactType {
			t.Errorf("manifest %s, %v", raw, err)
		}
		parsed, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		for i, it := range parsed {
			layer, err := a.LayerByDigest(m.Layers[i].Digest)
			if err != nil {
				t.Fatal(err)
			}
			body, err := layer.Compressed()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, body); err != nil || n != it.Size {
				t.Errorf("%s: %d bytes, %v", it.Name, n, err)
			}
		}
		got = append(got, parsed...)
	}
	slices.SortFunc(items, compare)
	for i := range items {
		items[i].Path = ""
	}
	if !slices.Equal(got, items) {
		t.Errorf("got %v\nwant %v", got, items)
	}
	if _, err := Referrers(nil, about()); err == nil || !strings.Contains(err.Error(), "there are no items") {
		t.Errorf("got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(m *v1.Manifest)
		want   string
	}{
		{"nothing", func(*v1.Manifest) {}, ""},
		{"no layers", func(m *v1.Manifest) { m.Layers = nil }, "there are none"},
		{"signature", func(m *v1.Manifest) { m.ArtifactType = "application/x" }, "it is not a bundle of inputs"},
		{"platform", func(m *v1.Manifest) { m.Annotations = map[string]string{platformAnnotation: "linux"} }, "is not like linux/amd64"},
		{"path", func(m *v1.Manifest) { m.Layers[0].Annotations[titleAnnotation] = "../x" }, "is not the name of a file"},
		{"digest", func(m *v1.Manifest) { m.Layers[0].Digest = v1.Hash{Algorithm: "sha512", Hex: strings.Repeat("a", 128)} }, "is not 64 lower-case hexadecimal digits"},
		{"size", func(m *v1.Manifest) { m.Layers[0].Size = 0 }, "not positive"},
	} {
		m := newForge(t).good()
		c.change(&m)
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(raw); c.want != "" || err != nil {
			refused(t, err, "reading the inputs", c.want)
		}
	}
	_, err := Parse([]byte(`{"layers":`))
	refused(t, err, "reading the inputs")
	_, err = Parse(make([]byte, maxJSON+1))
	refused(t, err, "more than 4194304 bytes")
}

func FuzzParse(f *testing.F) {
	raw, err := json.Marshal(newForge(f).good())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"artifactType":"` + ArtifactType + `","layers":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, err := Parse(data)
		if (err == nil) != (len(items) > 0) {
			t.Errorf("%d items, %v", len(items), err)
		}
		for _, it := range items {
			if it.check() != nil || it.Path != "" {
				t.Errorf("accepted %+v", it)
			}
		}
	})
}
