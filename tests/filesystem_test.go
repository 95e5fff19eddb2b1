package tests

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

// An entry is what a container's file system has at one path.
type entry struct {
	Path     string // relative, without a slash at the end
	Mode     os.FileMode
	UID, GID int
	Link     string
	Modified time.Time
	Sum      [sha256.Size]byte // of the content
}

func (e entry) String() string {
	line := fmt.Sprintf("%v %d:%d %s", e.Mode, e.UID, e.GID, e.Path)
	if e.Link != "" {
		line += " -> " + e.Link
	}
	return line
}

// export is the container's own file system, without what is mounted over it.
func (s *server) export(t *testing.T) []entry {
	t.Helper()
	stream, err := s.engine.ContainerExport(t.Context(), s.GetContainerID(), client.ContainerExportOptions{})
	require.NoError(t, err)
	var entries []entry
	for archive := tar.NewReader(stream); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		sum := sha256.New()
		_, err = io.Copy(sum, archive)
		require.NoError(t, err)
		entries = append(entries, entry{
			Path: strings.TrimSuffix(h.Name, "/"), Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid,
			Link: h.Linkname, Modified: h.ModTime.UTC(), Sum: [sha256.Size]byte(sum.Sum(nil)),
		})
	}
	require.NoError(t, stream.Close())
	return entries
}

// fromImage leaves out what Docker puts into every container.
func fromImage(entries []entry) []entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e entry) bool {
		switch e.Path {
		case ".dockerenv", "dev", "etc", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", "proc", "sys":
			return true
		}
		return strings.HasPrefix(e.Path, "dev/")
	})
}

func TestFilesBelongToRootAndNobodyElseCanWrite(t *testing.T) {
	t.Parallel()
	created := inspectImage(t).Created
	for _, e := range fromImage(start(t).export(t)) {
		assert.Zero(t, e.Mode&(os.ModeSetuid|os.ModeSetgid|os.ModeSticky), e)
		assert.Equal(t, [2]int{0, 0}, [2]int{e.UID, e.GID}, e)
		if e.Mode.Type() != os.ModeSymlink {
			assert.Zero(t, e.Mode.Perm()&0o022, "%v: only root may write, in whatever group the user is", e)
		}
		assert.Equal(t, created, e.Modified.Format(time.RFC3339), e)
	}
}

// A list for each definition. Libraries are left out, with the links to them: they
// change with every release, and have a test that is exact.
func TestImageHoldsExactlyTheExpectedFiles(t *testing.T) {
	t.Parallel()
	f := needs(t, noShell) // who has a shell has a base system of hundreds of files, as its packages bring them
	var libraries []string
	if f.has(sharedLibraries) {
		libraries = f.loaded(t)
	}
	var lines strings.Builder
	for _, e := range fromImage(start(t).export(t)) {
		if !slices.Contains(libraries, e.Path) {
			fmt.Fprintln(&lines, e)
		}
	}
	golden := filepath.Join("testdata", "filesystem", definitionName()+".golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(lines.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), lines.String())
}

func TestImageHoldsTheRepositorysConfiguration(t *testing.T) {
	t.Parallel()
	got := map[string][sha256.Size]byte{}
	for _, e := range start(t).export(t) {
		got[e.Path] = e.Sum
	}
	for name, text := range fromRepository(t, definition(t)) {
		assert.Equal(t, sha256.Sum256(text), got[name], name)
	}
}
