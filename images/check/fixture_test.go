package check

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// A fixture is the parts of a subject, to be spoiled one at a time.
type fixture struct {
	files    map[string]tree.File
	crafts   map[string]*craft                // more files, all of mode 0755
	program  *craft                           // at Binary, unless that is in files
	entry    func(*tar.Header, []byte) []byte // what becomes of each entry of the layer
	extra    []*tar.Header                    // more entries for the layer
	layers   int
	config   v1.ConfigFile
	manifest types.MediaType
	settings types.MediaType // of the config
	layer    types.MediaType
	subject  Subject // without Tree and Image
}

// The loader and libraries of a fixture with a dynamic program. It is led to
// libcrypto by a symlink, to libc by the name that only the loader answers to.
const (
	craftLoader = "lib/ld-musl-x86_64.so.1"
	craftSSL    = "usr/lib/libssl.so.3"
	craftCrypto = "lib/libcrypto.so.3"
)

// goodFixture passes every check of a profile.
func goodFixture(p Profile) *fixture {
	f := &fixture{
		files:    map[string]tree.File{},
		crafts:   map[string]*craft{},
		program:  goodELF(),
		entry:    func(_ *tar.Header, data []byte) []byte { return data },
		layers:   1,
		manifest: types.OCIManifestSchema1,
		settings: types.OCIConfigJSON,
		layer:    types.OCILayer,
		config: v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{
			User: "65532:65532", StopSignal: "SIGQUIT", ExposedPorts: map[string]struct{}{"8080/tcp": {}, "8443/udp": {}},
		}},
		subject: Subject{
			Profile: p,
			Budgets: Budgets{Disk: 10_000, Compressed: 10_000},
			Binary:  "usr/sbin/nginx",
			Paths:   []string{"usr/sbin/nginx", "etc/nginx/**", "etc/passwd", "usr/share/nginx/html/*.html", "var/log/nginx/*.log"},
			Try: func(context.Context, ...string) (string, error) {
				return "nginx: configuration file /etc/nginx/nginx.conf test is successful\n", nil
			},
		},
	}
	f.put("etc/passwd", 0o644, "nginx:x:65532:65532::/:/sbin/nologin\n")
	f.put("etc/nginx/nginx.conf", 0o644, "events {}\n")
	f.put("etc/nginx/conf.d/default.conf", 0o644, "server {}\n")
	f.put("usr/share/nginx/html/index.html", 0o644, "<!doctype html>\n")
	f.link("etc/nginx/html", "../../usr/share/nginx/html")
	f.link("var/log/nginx/access.log", "/dev/stdout")
	if p == Static {
		f.subject.Entry = "usr/sbin/nginx-entry"
		f.crafts[f.subject.Entry] = goodELF()
		f.subject.Paths = append(f.subject.Paths, f.subject.Entry)
	} else {
		f.program = dynamicELF()
		f.crafts[craftLoader] = library()
		f.crafts[craftSSL] = library("libcrypto.so.3", "libc.musl-x86_64.so.1")
		f.crafts[craftCrypto] = library("libc.musl-x86_64.so.1")
		f.link("usr/lib/libcrypto.so.3", "../../lib/libcrypto.so.3")
		f.subject.Paths = append(f.subject.Paths, "lib/*.so.*", "usr/lib/*.so.*")
	}
	return f
}

func (f *fixture) put(name string, mode fs.FileMode, data string) {
	f.files[name] = tree.File{Path: name, Mode: mode, Data: []byte(data)}
}

func (f *fixture) link(name, target string) {
	f.files[name] = tree.File{Path: name, Mode: fs.ModeSymlink, Link: target}
}

// change edits a file that is there.
func (f *fixture) change(name string, edit func(*tree.File)) {
	file := f.files[name]
	edit(&file)
	f.files[name] = file
}

// build makes the subject; its image has a layer of the tree unless told otherwise.
func (f *fixture) build(t testing.TB) Subject {
	t.Helper()
	s := f.subject
	s.Tree = tree.New()
	if f.program != nil {
		f.files["usr/sbin/nginx"] = tree.File{Path: "usr/sbin/nginx", Mode: 0o755, Data: f.program.bytes()}
	}
	for name, c := range f.crafts {
		f.files[name] = tree.File{Path: name, Mode: 0o755, Data: c.bytes()}
	}
	for _, file := range f.files {
		if err := s.Tree.Add(file); err != nil {
			t.Fatal(err)
		}
	}
	s.Image = f.image(t, f.archive(t, s.Tree))
	return s
}

func (f *fixture) archive(t testing.TB, files *tree.Tree) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	write := func(h *tar.Header, data []byte) {
		h.Size = int64(len(data))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for file := range files.All() {
		h := &tar.Header{Name: file.Path, Mode: unixMode(file.Mode), Uid: file.UID, Gid: file.GID, Linkname: file.Link, Typeflag: tar.TypeReg}
		switch file.Mode.Type() {
		case fs.ModeDir:
			h.Typeflag = tar.TypeDir
			h.Name += "/"
		case fs.ModeSymlink:
			h.Typeflag = tar.TypeSymlink
		}
		write(h, f.entry(h, bytes.Clone(file.Data)))
	}
	for _, h := range f.extra {
		write(h, nil)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unixMode(m fs.FileMode) int64 {
	mode := int64(m.Perm())
	for bit, unix := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			mode |= unix
		}
	}
	return mode
}

func (f *fixture) image(t testing.TB, archive []byte) v1.Image {
	t.Helper()
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, f.manifest), f.settings)
	for range f.layers {
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(archive)), nil
		}, tarball.WithMediaType(f.layer))
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			t.Fatal(err)
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config = f.config.OS, f.config.Architecture, f.config.Config
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}
