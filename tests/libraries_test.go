package tests

import (
	"bytes"
	"debug/elf"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// libraryFolders are where musl's loader looks, and in this order.
var libraryFolders = []string{"lib", "usr/local/lib", "usr/lib"}

// follow is the file at a path of the image, and the links on the way to it.
func (f *facts) follow(t *testing.T, name string) (file tree.File, links []string, found bool) {
	t.Helper()
	rest := strings.Split(strings.Trim(name, "/"), "/")
	for at := "."; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		file, found = f.tree.Lookup(next)
		switch {
		case found && file.Mode.Type() == fs.ModeSymlink:
			require.Less(t, len(links), 40, "%s leads round in a circle", name)
			links = append(links, next)
			if path.IsAbs(file.Link) {
				at = "."
			}
			target := strings.Trim(path.Join("/", at, file.Link), "/")
			rest, at = append(strings.Split(target, "/"), rest...), "."
		case !found && len(rest) == 0:
			return file, links, false
		default: // a folder on the way need not be in the tree by itself
			at = next
		}
	}
	return file, links, found
}

// loaded are the paths of all files and links that nginx is started by: the loader,
// and the libraries that nginx and its libraries name.
func (f *facts) loaded(t *testing.T) []string {
	t.Helper()
	all := map[string]bool{}
	take := func(name string) tree.File {
		file, links, found := f.follow(t, name)
		require.True(t, found, "%s is not in the image", name)
		for _, l := range append(links, file.Path) {
			all[l] = true
		}
		return file
	}
	take(f.loader)
	for next := []*elf.File{f.program}; len(next) > 0; next = next[1:] {
		names, err := next[0].ImportedLibraries()
		require.NoError(t, err)
		for _, name := range names {
			i := slices.IndexFunc(libraryFolders, func(dir string) bool {
				_, _, found := f.follow(t, path.Join(dir, name))
				return found
			})
			if i < 0 && (strings.HasPrefix(name, "libc.musl-") || name == path.Base(f.loader)) {
				continue // the loader is that library itself, whatever file there is
			}
			require.GreaterOrEqual(t, i, 0, "%s is nowhere in the image", name)
			before := len(all)
			file := take(path.Join(libraryFolders[i], name))
			if len(all) > before {
				library, err := elf.NewFile(bytes.NewReader(file.Data))
				require.NoError(t, err, file.Path)
				next = append(next, library)
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Too few would not start, which is easily seen; too many are what scanners find.
func TestImageHoldsExactlyTheLibrariesThatNginxLoads(t *testing.T) {
	t.Parallel()
	f := needs(t, sharedLibraries, noShell)
	binary := definition(t).Image.Binary
	var got []string
	for file := range f.tree.All() {
		target, _, found := f.follow(t, file.Path)
		executable := target.Mode.IsRegular() && (target.Mode.Perm()&0o111 != 0 || bytes.HasPrefix(target.Data, []byte(elf.ELFMAG)))
		if found && executable && file.Path != binary {
			got = append(got, file.Path)
		}
	}
	slices.Sort(got)
	want := f.loaded(t)
	require.NotEmpty(t, want)
	assert.Equal(t, want, got)
}
