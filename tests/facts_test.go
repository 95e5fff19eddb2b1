package tests

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// facts are what the image itself shows: the files in it, and what its nginx says.
type facts struct {
	tree     *tree.Tree
	nginx    release
	openssl  release
	built    []string // arguments of nginx's configure script, split at spaces
	program  *elf.File
	loader   string // the program's interpreter, such as /lib/ld-musl-x86_64.so.1; empty without one
	database string // path of the package database; empty without one
}

// A release is a version of three numbers.
type release [3]int

func (r release) before(other release) bool { return slices.Compare(r[:], other[:]) < 0 }

// known keeps the facts, which cost a container and a copy of the image.
var known struct {
	sync.Mutex

	facts *facts
}

// look gives the image's facts.
func look(t *testing.T) *facts {
	t.Helper()
	known.Lock()
	defer known.Unlock() // also when a require ends the test; the next one looks again
	if known.facts == nil {
		f := &facts{tree: savedTree(t)}
		f.ask(t)
		f.open(t)
		known.facts = f
	}
	return known.facts
}

var (
	nginxRelease   = regexp.MustCompile(`nginx version: nginx/(\d+)\.(\d+)\.(\d+)`)
	opensslRelease = regexp.MustCompile(`with OpenSSL (\d+)\.(\d+)\.(\d+)`) // built with, or running with
)

func (f *facts) ask(t *testing.T) {
	t.Helper()
	code, stdout, stderr := run(t, command("nginx", "-V"))
	require.Equal(t, 0, code, stderr)
	said := stdout + stderr
	f.nginx = newest(t, nginxRelease, said)
	f.openssl = newest(t, opensslRelease, said)
	_, arguments, found := strings.Cut(said, "configure arguments: ")
	require.True(t, found, said)
	f.built = strings.Fields(arguments)
}

// newest is the highest of the releases in a text.
func newest(t *testing.T, pattern *regexp.Regexp, text string) release {
	t.Helper()
	var all []release
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		var r release
		for i := range r {
			var err error
			r[i], err = strconv.Atoi(match[i+1])
			require.NoError(t, err)
		}
		all = append(all, r)
	}
	require.NotEmpty(t, all, text)
	return slices.MaxFunc(all, func(a, b release) int { return slices.Compare(a[:], b[:]) })
}

func (f *facts) open(t *testing.T) {
	t.Helper()
	binary, found := f.tree.Lookup(definition(t).Image.Binary)
	require.True(t, found)
	var err error
	f.program, err = elf.NewFile(bytes.NewReader(binary.Data))
	require.NoError(t, err)
	for _, segment := range f.program.Progs {
		if segment.Type == elf.PT_INTERP {
			name, err := io.ReadAll(segment.Open())
			require.NoError(t, err)
			f.loader = strings.TrimRight(string(name), "\x00")
		}
	}
	for _, name := range []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"} { // before and after the merge of /usr
		if _, found := f.tree.Lookup(name); found {
			f.database = name
		}
	}
}

// savedTree is the image as Docker gives it out again.
func savedTree(t *testing.T) *tree.Tree {
	t.Helper()
	stream, err := dockerClient(t).ImageSave(t.Context(), []string{imageName()})
	require.NoError(t, err)
	file, err := os.Create(filepath.Join(t.TempDir(), "image.tar"))
	require.NoError(t, err)
	_, err = io.Copy(file, stream)
	require.NoError(t, errors.Join(err, stream.Close(), file.Close()))
	img, err := tarball.ImageFromPath(file.Name(), nil)
	require.NoError(t, err)
	layers, err := img.Layers()
	require.NoError(t, err)
	files := tree.New()
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		require.NoError(t, err)
		addLayer(t, files, content)
		require.NoError(t, content.Close())
	}
	return files
}

func addLayer(t *testing.T, files *tree.Tree, layer io.Reader) {
	t.Helper()
	for archive := tar.NewReader(layer); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		f := tree.File{
			Path: strings.TrimSuffix(h.Name, "/"), Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid,
			Link: h.Linkname, Origin: tree.Origin{Component: "the saved image", Path: h.Name},
		}
		if f.Mode.IsRegular() {
			f.Data, err = io.ReadAll(archive)
			require.NoError(t, err)
		}
		require.NoError(t, files.Add(f))
	}
}
