package content

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

func TestLayersOnTopOfEachOther(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		layers [][]string
		want   []string
	}{
		"one":               {[][]string{{"./", "etc/", "./etc/motd=hello", "tmp->/dev/shm", "dev/null!"}}, []string{"dev/null!1:3", "etc/", "etc/motd=hello", "tmp->/dev/shm"}},
		"replaced":          {[][]string{{"a=1", "b=2"}, {"a=3"}}, []string{"a=3", "b=2"}},
		"hard link":         {[][]string{{"a=1"}, {"b~a", "c~/a"}}, []string{"a=1", "b=1", "c=1"}},
		"removed":           {[][]string{{"d/a=1", "d/b=2"}, {"d/.wh.a="}}, []string{"d/b=2"}},
		"folder removed":    {[][]string{{"d/", "d/a=1", "dd=2"}, {".wh.d="}}, []string{"dd=2"}},
		"opaque":            {[][]string{{"d/", "d/a=1"}, {"d/b=2", "d/.wh..wh..opq="}}, []string{"d/", "d/b=2"}},
		"all below the top": {[][]string{{"a=1"}, {".wh..wh..opq=", "b=2"}}, []string{"b=2"}},
		"file for folder":   {[][]string{{"d/", "d/a=1"}, {"d=x"}}, []string{"d=x"}},
		"link for folder":   {[][]string{{"d/", "d/a=1"}, {"d->e"}}, []string{"d->e"}},
		"removed and back":  {[][]string{{"a=1"}, {".wh.a=", "a=2"}}, []string{"a=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var layers [][]byte
			for _, entries := range c.layers {
				layers = append(layers, archive(t, entries...))
			}
			img, err := read(t, write(t, index(image(t, layers...))), DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, list(img)); diff != "" {
				t.Error(diff)
			}
			if len(img.Layers) != len(layers) || img.Compressed() == 0 {
				t.Errorf("layers are %+v", img.Layers)
			}
		})
	}
}

func TestHostileArchives(t *testing.T) {
	t.Parallel()
	small := Limits{Unpacked: 20 << 10, Files: 5, Kept: 4}
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"above the root":   {archive(t, "../etc/passwd=x"), "no path below the root"},
		"absolute":         {archive(t, "/etc/passwd=x"), "no path below the root"},
		"in between":       {archive(t, "a/../../b=x"), "no path below the root"},
		"through a link":   {archive(t, "a->/etc", "a/passwd=x"), `"a" is no folder`},
		"through a file":   {archive(t, "a=1", "a/b=x"), `"a" is no folder`},
		"link to nothing":  {archive(t, "a~b"), "which is not there"},
		"link to outside":  {archive(t, "a~../../etc/passwd"), "which is not there"},
		"long name":        {archive(t, strings.Repeat("a/", maxPath)+"b=x"), "no path below the root"},
		"many files":       {archive(t, "a=", "b=", "c=", "d=", "e=", "f="), "more than 5 files"},
		"large":            {archive(t, "a="+strings.Repeat("0", 30<<10)), "more than 20480 bytes"},
		"large after that": {append(archive(t, "a="), make([]byte, 30<<10)...), "more than 20480 bytes"},
		"no archive":       {[]byte(strings.Repeat("x", 1024)), "header"},
		"cut":              {archive(t, "a="+strings.Repeat("x", 2048))[:1024], "unexpected EOF"},
		"escapes":          {archive(t, "../\x1b[2J=x"), `"../?[2J"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, write(t, index(image(t, c.archive))), small)
			isDamaged(t, err, c.want)
		})
	}
	removals := make([]string, maxRemovals+1)
	for i := range removals {
		removals[i] = ".wh.a="
	}
	_, err := read(t, write(t, index(image(t, archive(t, removals...)))), DefaultLimits)
	isDamaged(t, err, "remove more than")
}

// What is too large to be kept is hashed all the same.
func TestKept(t *testing.T) {
	t.Parallel()
	img, err := read(t, write(t, index(image(t, archive(t, "a=1234", "b=5", "c=")))), Limits{Unpacked: 1 << 20, Files: 5, Kept: 4})
	if err != nil {
		t.Fatal(err)
	}
	if a, b, c := img.Files["a"], img.Files["b"], img.Files["c"]; string(a.Data) != "1234" || b.Data != nil || c.Data == nil ||
		b.SHA256 != "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d" || img.Size() != 5 {
		t.Errorf("got %+v", img.Files)
	}
}

// A bomb of zeros is small packed.
func TestBomb(t *testing.T) {
	t.Parallel()
	_, err := read(t, write(t, index(image(t, make([]byte, 64<<20)))), Limits{Unpacked: 1 << 20, Files: 5, Kept: 4})
	isDamaged(t, err, "more than 1048576 bytes")
}

func TestEveryBlobIsHashed(t *testing.T) {
	t.Parallel()
	img := image(t, archive(t, "a=1"))
	l, err := OpenLayout(write(t, index(img)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for name, digest := range map[string]v1.Hash{"manifest": manifest, "config": m.Config.Digest, "layer": m.Layers[0].Digest} {
		good, err := os.ReadFile(l.path(digest))
		if err != nil {
			t.Fatal(err)
		}
		for change, data := range map[string][]byte{
			"a bit flipped": flipped(good, len(good)/2), "the last bit": flipped(good, len(good)-1),
			"cut": good[:len(good)-1], "longer": append(slices.Clone(good), 0), "empty": nil,
		} {
			i, err := Open(t.Context(), l, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Read(t.Context(), lying{l, digest, data, nil}, i.Images[0], DefaultLimits); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s of the %s: %v", change, name, err)
			}
		}
	}
	// That a connection is cut says nothing of the image.
	i, err := Open(t.Context(), l, "")
	if err != nil {
		t.Fatal(err)
	}
	cut := errors.New("cut")
	for _, n := range []int{0, 5, 20} {
		_, err := Read(t.Context(), lying{l, m.Layers[0].Digest, must(os.ReadFile(l.path(m.Layers[0].Digest)))[:n], cut}, i.Images[0], DefaultLimits)
		if !errors.Is(err, cut) || errors.Is(err, ErrDamaged) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func flipped(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}

// The layers of other people's tools are read as well.
func TestKindsOfLayers(t *testing.T) {
	t.Parallel()
	plain := archive(t, "a=1")
	var z, two bytes.Buffer
	e := must(zstd.NewWriter(&z))
	must(e.Write(plain))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{plain[:700], plain[700:]} { // gzip of two members
		g := gzip.NewWriter(&two)
		must(g.Write(part))
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for kind, data := range map[types.MediaType][]byte{
		"application/vnd.oci.image.layer.v1.tar": plain, "application/vnd.oci.image.layer.v1.tar+zstd": z.Bytes(),
		"application/vnd.oci.image.layer.v1.tar+gzip": two.Bytes(), "application/vnd.docker.image.rootfs.diff.tar.gzip": two.Bytes(),
	} {
		dir := write(t, index(layered(t, static.NewLayer(data, kind), plain)))
		img, err := read(t, dir, DefaultLimits)
		if err != nil || !slices.Equal(list(img), []string{"a=1"}) {
			t.Errorf("%s: %v, %v", kind, img, err)
		}
	}
	_, err := read(t, write(t, index(layered(t, static.NewLayer(plain, "text/html"), plain))), DefaultLimits)
	isDamaged(t, err, "none of a layer")
	_, err = read(t, write(t, index(layered(t, static.NewLayer(plain, types.OCIUncompressedLayer), archive(t, "b=1")))), DefaultLimits)
	isDamaged(t, err, "of the configuration")
}

// layered is an image of a layer whose configuration says that it unpacks to plain.
func layered(t *testing.T, l v1.Layer, plain []byte) v1.Image {
	t.Helper()
	img := image(t, plain)
	config := must(img.ConfigFile())
	img = must(mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), l))
	return must(mutate.ConfigFile(img, config.DeepCopy()))
}

func TestOpen(t *testing.T) {
	t.Parallel()
	one := image(t, archive(t, "a=1"))
	attestation := mutate.IndexAddendum{Add: image(t), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}}
	both := mutate.AppendManifests(index(one), attestation)
	l := must(OpenLayout(write(t, both)))
	i, err := Open(t.Context(), l, "")
	if err != nil || len(i.Images) != 1 || i.Images[0].Platform != "linux/amd64" {
		t.Errorf("got %+v, %v", i, err)
	}
	digest := must(one.Digest())
	i, err = Open(t.Context(), l, digest.String())
	if err != nil || len(i.Images) != 1 || i.Images[0].Platform != "linux/amd64" || i.Descriptor.Digest != digest {
		t.Errorf("a single image: got %+v, %v", i, err)
	}
	_, err = Open(t.Context(), must(OpenLayout(write(t, mutate.AppendManifests(empty.Index, attestation)))), "")
	isDamaged(t, err, "0 images")
	twice := mutate.AppendManifests(index(one), mutate.IndexAddendum{
		Add: image(t), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
	_, err = Open(t.Context(), must(OpenLayout(write(t, twice))), "")
	isDamaged(t, err, "two images for linux/amd64")
	other := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: one, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}},
	})
	_, err = read(t, write(t, other), DefaultLimits)
	isDamaged(t, err, "the image for linux/arm64 is for linux/amd64")
}

func TestLayoutReferrers(t *testing.T) {
	t.Parallel()
	one := image(t, archive(t, "a=1"))
	i := index(one)
	subject := *must(partial.Descriptor(i))
	about := referrer(t, v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size})
	for name, put := range map[string]func(p layout.Path) error{
		"as an entry": func(p layout.Path) error { return p.AppendImage(about) },
		"below the fallback tag": func(p layout.Path) error {
			return p.AppendIndex(mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: about}),
				layout.WithAnnotations(map[string]string{refName: "sha256-" + subject.Digest.Hex}))
		},
	} {
		dir := write(t, i)
		if err := put(must(layout.FromPath(dir))); err != nil {
			t.Fatal(err)
		}
		l := must(OpenLayout(dir))
		found, err := l.Referrers(t.Context(), subject.Digest, "")
		if err != nil || len(found) != 1 || found[0].Digest != must(about.Digest()) {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
		if none, err := l.Referrers(t.Context(), must(one.Digest()), ""); err != nil || len(none) != 0 {
			t.Errorf("%s: the image has %+v, %v", name, none, err)
		}
		if opened, err := Open(t.Context(), l, ""); err != nil || opened.Descriptor.Digest != subject.Digest {
			t.Errorf("%s: got %+v, %v", name, opened.Descriptor, err)
		}
		if _, err := Open(t.Context(), l, "nothing"); err == nil || !strings.Contains(err.Error(), `0 images "nothing"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNoLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := OpenLayout(dir); err == nil || !strings.Contains(err.Error(), "not an OCI layout") {
		t.Errorf("got %v", err)
	}
	for _, f := range []struct{ name, text string }{{"oci-layout", "{}"}, {"index.json", "{"}} {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenLayout(dir); err == nil || !strings.Contains(err.Error(), "index.json") {
		t.Errorf("got %v", err)
	}
}

// FuzzArchive: any archive is read within its limits, or refused, and what is read
// has only paths below the root.
func FuzzArchive(f *testing.F) {
	f.Add(archive(f, "a/", "a/b=1", "c->d", "e~a/b", ".wh.a=", "dev!"))
	f.Add(archive(f, "../a=1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		u := unpacker{files: map[string]File{}, limits: Limits{Unpacked: 1 << 20, Files: 100, Kept: 1 << 10}}
		if u.archive(bytes.NewReader(data)) != nil {
			return
		}
		var kept int
		for p, file := range u.files {
			if !filepath.IsLocal(p) || p != file.Path {
				t.Errorf("%q is %+v", p, file)
			}
			kept += len(file.Data)
		}
		if len(u.files) > 100 || u.kept > 1<<10 {
			t.Errorf("%d files, %d bytes (%d)", len(u.files), u.kept, kept)
		}
	})
}
