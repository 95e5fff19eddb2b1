package site

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func TestDerive(t *testing.T) {
	t.Parallel()
	below := lower(t, "index.html")
	under := base(t, below)
	l := layerOf(t, options(t, below, scan(t, put(t, map[string]string{"x": "1"}))))
	created := made.Add(time.Hour)
	img, err := Derive(under, l, About{Base: "nginx-scratch:static", Created: created, Labels: map[string]string{"org.opencontainers.image.title": "docs"}})
	if err != nil {
		t.Fatal(err)
	}
	baseConfig, err := under.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := under.Digest()
	if err != nil {
		t.Fatal(err)
	}

	want := baseConfig.DeepCopy()
	want.Created = v1.Time{Time: created.UTC()}
	want.Config.Labels = map[string]string{
		"org.opencontainers.image.title": "docs", "org.opencontainers.image.base.name": "nginx-scratch:static",
		"org.opencontainers.image.base.digest": digest.String(), "org.opencontainers.image.created": created.UTC().Format(time.RFC3339),
		"io.github.nginx-scratch.format-version": baseConfig.Config.Labels["io.github.nginx-scratch.format-version"],
	}
	diffID, err := l.DiffID()
	if err != nil {
		t.Fatal(err)
	}
	want.RootFS.DiffIDs = append(want.RootFS.DiffIDs, diffID)
	want.History = append(want.History, v1.History{Created: want.Created, CreatedBy: "nginx-scratch site"})
	if diff := cmp.Diff(want, config); diff != "" {
		t.Errorf("the configuration is different (-want +got):\n%s", diff)
	}
	if !maps.Equal(manifest.Annotations, want.Config.Labels) {
		t.Errorf("annotations %v", manifest.Annotations)
	}
	kinds := []types.MediaType{manifest.MediaType, manifest.Config.MediaType, manifest.Layers[0].MediaType, manifest.Layers[1].MediaType}
	if !slices.Equal(kinds, []types.MediaType{types.OCIManifestSchema1, types.OCIConfigJSON, types.OCILayer, types.OCILayer}) {
		t.Errorf("media types %v", kinds)
	}
	if again, err := under.ConfigFile(); err != nil || again.Config.Labels["org.opencontainers.image.title"] != "nginx-scratch" {
		t.Errorf("the image below was changed: %v, %v", again, err)
	}
}

func TestBuiltIn(t *testing.T) {
	t.Parallel()
	for program, want := range map[string][]string{
		"":                                      nil,
		"x\x00gzip_static\x00y":                 {"gzip"},
		"x\x00gzip_static\x00brotli_static\x00": {"br", "gzip"},
		"--with-http_gzip_static_module --add-dynamic-module=ngx_brotli\x00": nil,
		"gzip_static_is_not_this\x00":                                        nil,
	} {
		var got []string
		for _, e := range Encodings() {
			if e.BuiltIn([]byte(program)) {
				got = append(got, e.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q has %q, want %q", program, got, want)
		}
	}
}
