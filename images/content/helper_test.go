package content

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// archive makes a tar of lines like "etc/motd=hello", "tmp->/dev/shm", "etc/", "dev/null!".
func archive(t testing.TB, entries ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e, Mode: 0o644, Format: tar.FormatPAX}
		var data string
		switch name, value, file := strings.Cut(e, "="); {
		case file:
			h.Name, h.Size, data = name, int64(len(value)), value
		case strings.Contains(e, "->"):
			h.Name, h.Linkname, _ = strings.Cut(e, "->")
			h.Typeflag, h.Mode = tar.TypeSymlink, 0o777
		case strings.Contains(e, "=="):
		case strings.HasSuffix(e, "!"):
			h.Name, h.Typeflag, h.Devmajor, h.Devminor = strings.TrimSuffix(e, "!"), tar.TypeChar, 1, 3
		case strings.Contains(e, "~"):
			h.Name, h.Linkname, _ = strings.Cut(e, "~")
			h.Typeflag = tar.TypeLink
		case strings.HasSuffix(e, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// image makes an image of archives.
func image(t testing.TB, archives ...[]byte) v1.Image {
	t.Helper()
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	for _, a := range archives {
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(a)), nil },
			tarball.WithMediaType(types.OCILayer))
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, l); err != nil {
			t.Fatal(err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// index makes an index for one platform.
func index(img v1.Image) v1.ImageIndex {
	return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
}

// write makes a layout that has an index, and returns the folder.
func write(t testing.TB, i v1.ImageIndex) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "oci")
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendIndex(i); err != nil {
		t.Fatal(err)
	}
	return dir
}

// read reads the only image of a layout.
func read(t testing.TB, dir string, limits Limits) (*Image, error) {
	t.Helper()
	l, err := OpenLayout(dir)
	if err != nil {
		return nil, err
	}
	i, err := Open(t.Context(), l, "")
	if err != nil {
		return nil, err
	}
	return Read(t.Context(), l, i.Images[0], limits)
}

// list is what an image has, a line for each file.
func list(i *Image) (lines []string) {
	for _, p := range i.Paths() {
		f := i.Files[p]
		switch {
		case f.Mode.IsRegular():
			p += "=" + string(f.Data)
		case f.Mode.IsDir():
			p += "/"
		case f.Link != "":
			p += "->" + f.Link
		default:
			p += "!" + f.Attributes
		}
		lines = append(lines, p)
	}
	return lines
}

// lying is a source that has other bytes under one digest, or cuts them off.
type lying struct {
	Source

	digest v1.Hash
	data   []byte
	err    error
}

func (l lying) Manifest(ctx context.Context, reference string) ([]byte, v1.Descriptor, error) {
	raw, desc, err := l.Source.Manifest(ctx, reference)
	if desc.Digest == l.digest {
		return l.data, desc, err
	}
	return raw, desc, err
}

func (l lying) Blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	if digest != l.digest {
		return l.Source.Blob(ctx, digest)
	}
	var end io.Reader = strings.NewReader("")
	if l.err != nil {
		end = broken{l.err}
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(l.data), end)), nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// isDamaged wants an error that is the image's own, and says why.
func isDamaged(t *testing.T, err error, want string) {
	t.Helper()
	if !errors.Is(err, ErrDamaged) || !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("got %v, want damage and %q", err, want)
	}
}

func referrer(t testing.TB, about v1.Descriptor) v1.Image {
	t.Helper()
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, "application/vnd.example")
	img, err := mutate.AppendLayers(img, static.NewLayer([]byte("x"), "text/plain"))
	if err != nil {
		t.Fatal(err)
	}
	return mutate.Subject(img, about).(v1.Image)
}
