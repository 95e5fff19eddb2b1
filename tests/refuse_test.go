package tests

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// The image as it is passes; with one file spoiled, it is refused for just that.
func TestSpoiledImageIsRefused(t *testing.T) {
	t.Parallel()
	saved := saveImage(t)
	const binary, page = "usr/sbin/nginx", "usr/share/nginx/html/index.html"
	for name, tt := range map[string]struct {
		path    string
		spoil   func(*testing.T, *tree.File)
		refused []string // by these checks
		because string
	}{
		"nothing spoiled":  {"", nil, nil, ""},
		"over budget":      {binary, grow, []string{"disk-size", "compressed-size"}, "6000000"},
		"a dynamic binary": {binary, needLibrary, []string{"static-pie"}, "it needs 1 shared libraries"},
		"a world-writable file": {
			page, func(_ *testing.T, f *tree.File) { f.Mode |= 0o002 },
			[]string{"world-writable"}, page + " is mode 0646",
		},
		"a setuid binary": {
			binary, func(_ *testing.T, f *tree.File) { f.Mode |= os.ModeSetuid },
			[]string{"setuid"}, binary,
		},
		"a file of the user": {
			page, func(_ *testing.T, f *tree.File) { f.UID = 65532 },
			[]string{"root-owned"}, page,
		},
		"a file that is not expected": {
			page, func(_ *testing.T, f *tree.File) { f.Path = "usr/share/notes.html" },
			[]string{"unexpected-path"}, "usr/share/notes.html is not expected",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := check.Run(t.Context(), subject(t, saved, func(f *tree.File) {
				if f.Path == tt.path {
					tt.spoil(t, f)
				}
			}))
			var refused []string
			for _, r := range results {
				if r.Err != nil && !r.Skipped() {
					refused = append(refused, r.Check.Name)
				}
			}
			assert.ElementsMatch(t, tt.refused, refused)
			if tt.refused == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.because)
		})
	}
}

// saveImage is the image as Docker gives it out again.
func saveImage(t *testing.T) v1.Image {
	t.Helper()
	stream, err := dockerClient(t).ImageSave(t.Context(), []string{imageName()})
	require.NoError(t, err)
	file, err := os.Create(filepath.Join(t.TempDir(), "image.tar"))
	require.NoError(t, err)
	_, err = io.Copy(file, stream)
	require.NoError(t, errors.Join(err, stream.Close(), file.Close()))
	img, err := tarball.ImageFromPath(file.Name(), nil)
	require.NoError(t, err)
	return img
}

// subject is the image with each of its files spoiled, made and judged as a build
// makes and judges it.
func subject(t *testing.T, saved v1.Image, spoil func(*tree.File)) check.Subject {
	t.Helper()
	d, lock := definition(t)
	files := tree.New()
	layers, err := saved.Layers()
	require.NoError(t, err)
	for _, layer := range layers {
		addLayer(t, files, layer, spoil)
	}
	config, err := saved.ConfigFile()
	require.NoError(t, err)
	img, err := oci.Image(files, oci.Config{
		Platform: v1.Platform{OS: config.OS, Architecture: config.Architecture},
		Created:  lock.Epoch(), User: d.Image.User, ExposedPorts: d.Image.Ports, StopSignal: d.Image.StopSignal,
	})
	require.NoError(t, err)
	return check.Subject{
		Tree: files, Image: img, Paths: d.Paths, Binary: d.Image.Binary,
		Budgets: check.Budgets{Disk: d.Budgets.Disk, Compressed: d.Budgets.Compressed},
	}
}

func addLayer(t *testing.T, files *tree.Tree, layer v1.Layer, spoil func(*tree.File)) {
	t.Helper()
	stream, err := layer.Uncompressed()
	require.NoError(t, err)
	for archive := tar.NewReader(stream); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		data, err := io.ReadAll(archive) // nil of what is no regular file
		require.NoError(t, err)
		f := tree.File{
			Path: strings.TrimSuffix(h.Name, "/"), Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid,
			Data: data, Link: h.Linkname, Origin: tree.Origin{Component: "the saved image", Path: h.Name},
		}
		if !f.Mode.IsRegular() {
			f.Data = nil
		}
		spoil(&f)
		require.NoError(t, files.Add(f))
	}
	require.NoError(t, stream.Close())
}

// grow adds a million bytes that cannot be compressed, always the same.
func grow(t *testing.T, f *tree.File) {
	t.Helper()
	more := make([]byte, 1_000_000)
	_, err := rand.NewChaCha8([32]byte{}).Read(more)
	require.NoError(t, err)
	f.Data = append(f.Data, more...)
}

// needLibrary makes the program's entry for debuggers, of no use to a static one,
// into one for a shared library.
func needLibrary(t *testing.T, f *tree.File) {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(f.Data))
	require.NoError(t, err)
	require.Equal(t, elf.ELFCLASS64, file.Class)
	dynamic := file.SectionByType(elf.SHT_DYNAMIC)
	require.NotNil(t, dynamic)
	const size = 16 // tag and value
	for at := dynamic.Offset; at < dynamic.Offset+dynamic.FileSize; at += size {
		if elf.DynTag(file.ByteOrder.Uint64(f.Data[at:])) == elf.DT_DEBUG {
			file.ByteOrder.PutUint64(f.Data[at:], uint64(elf.DT_NEEDED))
			return
		}
	}
	require.Fail(t, "the program has no DT_DEBUG")
}
