package tests

import (
	"bytes"
	"debug/elf"
	"os"
	"strconv"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/check"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// The image as it is passes; with one file spoiled, it is refused for just that.
func TestSpoiledImageIsRefused(t *testing.T) {
	t.Parallel()
	d := definition(t)
	const page = "usr/share/nginx/html/index.html"
	binary := d.Image.Binary
	unloadable := []string{"closure"}
	if look(t).has(noShell) { // only there, what belongs to the program must be known to tell what does not
		unloadable = append(unloadable, "no-shell")
	}
	for name, tt := range map[string]struct {
		needs   []capability
		path    string
		spoil   func(*testing.T, *tree.File)
		refused []string // by these checks
		because string
	}{
		"nothing spoiled": {nil, "", nil, nil, ""},
		"over budget": {
			nil, page, func(t *testing.T, f *tree.File) { t.Helper(); f.Data = []byte(randomText(t, int(d.Budgets.Disk))) },
			[]string{"disk-size", "compressed-size"}, strconv.FormatInt(d.Budgets.Disk, 10),
		},
		"a dynamic binary": {
			[]capability{staticProgram}, binary, needLibrary(0),
			[]string{"static-pie"}, "it needs 1 shared libraries",
		},
		"a library that is not there": {
			[]capability{sharedLibraries}, binary, needLibrary(1),
			unloadable, binary,
		},
		"a world-writable file": {
			nil, page, func(_ *testing.T, f *tree.File) { f.Mode |= 0o002 },
			[]string{"world-writable"}, page + " is mode 0646",
		},
		"a setuid binary": {
			nil, binary, func(_ *testing.T, f *tree.File) { f.Mode |= os.ModeSetuid },
			[]string{"setuid"}, binary,
		},
		"a large entry point": {
			[]capability{entryPoint}, d.Image.Entry, func(_ *testing.T, f *tree.File) { f.Data = append(bytes.Clone(f.Data), make([]byte, 40_000)...) },
			[]string{"entry-size"}, d.Image.Entry,
		},
		"an entry point that loads a library": {
			[]capability{entryPoint}, d.Image.Entry, needLibrary(0),
			[]string{"static-pie"}, d.Image.Entry + ": it needs 1 shared libraries",
		},
		"a file of the user": {
			nil, page, func(_ *testing.T, f *tree.File) { f.UID = 65532 },
			[]string{"root-owned"}, page,
		},
		"a file that is not expected": {
			[]capability{noShell}, page, func(_ *testing.T, f *tree.File) { f.Path = "usr/share/notes.html" },
			[]string{"unexpected-path"}, "usr/share/notes.html is not expected",
		},
		"a program that is not expected": {
			[]capability{noShell}, page, func(_ *testing.T, f *tree.File) { f.Mode |= 0o111 },
			[]string{"no-shell"}, page + " is mode 0755: it can be run",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := needs(t, tt.needs...)
			results, err := check.Run(t.Context(), subject(t, f, func(f *tree.File) {
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

// subject is the image with each of its files spoiled, made and judged as a build
// makes and judges it.
func subject(t *testing.T, saved *facts, spoil func(*tree.File)) check.Subject {
	t.Helper()
	d, got := definition(t), inspectImage(t)
	files := tree.New()
	for f := range saved.tree.All() {
		spoil(&f)
		require.NoError(t, files.Add(f))
	}
	created, err := time.Parse(time.RFC3339, got.Created)
	require.NoError(t, err)
	img, err := oci.Image(files, oci.Config{
		Platform: v1.Platform{OS: got.Os, Architecture: got.Architecture},
		Created:  created, User: d.Image.User, ExposedPorts: d.Image.Ports, StopSignal: d.Image.StopSignal,
	})
	require.NoError(t, err)
	profile := check.Static
	switch {
	case saved.has(shell):
		profile = check.Debug
	case saved.has(sharedLibraries):
		profile = check.Dynamic
	}
	return check.Subject{
		Profile: profile, Tree: files, Image: img, Paths: d.Paths, Binary: d.Image.Binary, Entry: d.Image.Entry,
		Budgets: check.Budgets{Disk: d.Budgets.Disk, Compressed: d.Budgets.Compressed},
	}
}

// needLibrary makes the program's entry for debuggers into one for a shared library.
// Its name is whatever word the program's names have there.
func needLibrary(name uint64) func(*testing.T, *tree.File) {
	return func(t *testing.T, f *tree.File) {
		t.Helper()
		f.Data = bytes.Clone(f.Data) // all tests share the image
		file, err := elf.NewFile(bytes.NewReader(f.Data))
		require.NoError(t, err)
		require.Equal(t, elf.ELFCLASS64, file.Class)
		dynamic := file.SectionByType(elf.SHT_DYNAMIC)
		require.NotNil(t, dynamic)
		const size = 16 // tag and value
		for at := dynamic.Offset; at < dynamic.Offset+dynamic.FileSize; at += size {
			if elf.DynTag(file.ByteOrder.Uint64(f.Data[at:])) == elf.DT_DEBUG {
				file.ByteOrder.PutUint64(f.Data[at:], uint64(elf.DT_NEEDED))
				file.ByteOrder.PutUint64(f.Data[at+size/2:], name)
				return
			}
		}
		require.Fail(t, "the program has no DT_DEBUG")
	}
}
