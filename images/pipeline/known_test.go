package pipeline

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// Only an intact layer of the same archive, platform and format is known.
func TestKnown(t *testing.T) {
	t.Parallel()
	write := func(b *builder, img v1.Image) {
		t.Helper()
		index, err := oci.Index(img)
		if err != nil {
			t.Fatal(err)
		}
		if err := (release.Release{Name: project, Tag: "static", Index: index}).Write(b.layout()); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(b *builder, platform string, diffID v1.Hash) []byte {
		packed, ok := b.known(context.Background(), platform)(diffID)
		if ok != (packed != nil) {
			t.Errorf("%d bytes, but known: %t", len(packed), ok)
		}
		return packed
	}
	b, p := sizedBuild(t)
	layers, err := p.img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	diffID, err := layers[0].DiffID()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	if ask(b, "linux/amd64", diffID) != nil {
		t.Error("something is known before the first build")
	}
	write(b, p.img)
	blob := filepath.Join(b.layout(), "blobs/sha256", digest.Hex)
	want, err := os.ReadFile(blob)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(b, "linux/amd64", diffID); !bytes.Equal(got, want) {
		t.Errorf("%d bytes are known, want the %d of the last build", len(got), len(want))
	}
	if ask(b, "linux/arm64", diffID) != nil {
		t.Error("the layer of another platform is known")
	}
	if ask(b, "linux/amd64", v1.Hash{Algorithm: "sha256", Hex: digest.Hex}) != nil {
		t.Error("the layer of another archive is known")
	}
	if err := os.WriteFile(blob, append([]byte("x"), want[1:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if ask(b, "linux/amd64", diffID) != nil {
		t.Error("a damaged layer is known")
	}

	config, err := p.img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Config.Labels[oci.FormatLabel] = "0"
	older, err := mutate.ConfigFile(p.img, config)
	if err != nil {
		t.Fatal(err)
	}
	write(b, older)
	if ask(b, "linux/amd64", diffID) != nil {
		t.Error("a layer of an older format is known")
	}
}
