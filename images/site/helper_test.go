package site

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

const html = "usr/share/nginx/html"

var made = time.Unix(1_700_000_000, 0)

// text is n bytes that compress well.
func text(n int) string {
	return strings.Repeat("All work and no play makes Jack a dull boy.\n", n/44+1)[:n]
}

// noise is n bytes that do not compress.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

// put makes a folder of files; "link -> target" makes a link, and a name with a slash at
// the end a folder.
func put(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		name, link, isLink := strings.Cut(name, " -> ")
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch {
		case isLink:
			err = errors.Join(err, os.Symlink(link, path))
		case strings.HasSuffix(name, "/"):
			err = errors.Join(err, os.MkdirAll(path, 0o755))
		default:
			err = errors.Join(err, os.WriteFile(path, []byte(content), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func scan(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := Scan(t.Context(), dir, html, true)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lower is an image with these files, which are below html unless they begin with a slash.
func lower(t *testing.T, names ...string) *tree.Tree {
	t.Helper()
	tr := tree.New()
	for _, name := range names {
		path, absolute := strings.CutPrefix(name, "/")
		if !absolute {
			path = html + "/" + name
		}
		f := tree.File{Path: strings.TrimSuffix(path, "/"), Mode: 0o644, Data: []byte("of the image: " + name)}
		if strings.HasSuffix(name, "/") {
			f.Mode, f.Data = fs.ModeDir|0o755, nil
		}
		if err := tr.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func options(t *testing.T, lower *tree.Tree, folders ...*Folder) Options {
	t.Helper()
	return Options{
		Folders: folders, Lower: lower, Encodings: Encodings()[1:], MinLength: 1000, ModTime: made, Temp: t.TempDir(),
		Compressible: func(name string) bool { return strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".html") },
	}
}

func layerOf(t *testing.T, o Options) Layer {
	t.Helper()
	l, err := o.Layer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// An entry of a layer, with its content.
type entry struct {
	*tar.Header

	data string
}

func (e entry) String() string {
	return fmt.Sprintf("%c %04o %d:%d %s %d %s", e.Typeflag, e.Mode, e.Uid, e.Gid, e.ModTime.UTC().Format(time.RFC3339), e.Size,
		strings.TrimSpace(e.Name+" "+e.Linkname))
}

// entries reads a tar stream.
func entries(t *testing.T, r io.Reader) []entry {
	t.Helper()
	var all []entry
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var data bytes.Buffer
		if _, err := io.Copy(&data, tr); err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{h, data.String()})
	}
}

func unpack(t *testing.T, l v1.Layer) []entry {
	t.Helper()
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return entries(t, r)
}

// base is an image of a tree.
func base(t *testing.T, files *tree.Tree) v1.Image {
	t.Helper()
	img, err := oci.Image(files, oci.Config{
		Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Created: made, User: "65532:65532",
		ExposedPorts: []string{"8080/tcp"}, StopSignal: "SIGQUIT", WorkingDir: "/", Cmd: []string{"nginx", "-g", "daemon off;"},
		Labels: map[string]string{"org.opencontainers.image.title": "nginx-scratch", "org.opencontainers.image.base.name": "scratch"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return img
}
