package server

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
)

// A Root is the file system of an image, in a folder.
type Root struct {
	Dir        string
	Compressed int64 // bytes of all layers, compressed as this project's are
}

// Unpack puts the files of an image of the engine into dir, which it makes.
func Unpack(ctx context.Context, image, dir string) (root Root, err error) {
	saved := dir + ".tar"
	defer func() { err = errors.Join(err, os.RemoveAll(saved)) }()
	if _, err := docker(ctx, "save", "-o", saved, image); err != nil {
		return Root{}, fmt.Errorf("unpacking %s: %w", image, err)
	}
	img, err := tarball.ImageFromPath(saved, nil)
	if err != nil {
		return Root{}, fmt.Errorf("unpacking %s: %w", image, err)
	}
	root.Dir = dir
	if root.Compressed, err = compressed(img); err != nil {
		return Root{}, fmt.Errorf("compressing %s: %w", image, err)
	}
	files := mutate.Extract(img)
	err = extract(files, dir)
	if err := errors.Join(err, files.Close()); err != nil {
		return Root{}, fmt.Errorf("unpacking %s: %w", image, err)
	}
	return root, nil
}

// gzipFrame is how many bytes a gzip member has besides the compressed data.
const gzipFrame = 18

func compressed(img v1.Image) (sum int64, err error) {
	layers, err := img.Layers()
	if err != nil {
		return 0, err
	}
	for _, layer := range layers {
		plain, err := layer.Uncompressed()
		if err != nil {
			return 0, err
		}
		data, err := io.ReadAll(plain)
		if err := errors.Join(err, plain.Close()); err != nil {
			return 0, err
		}
		sum += int64(len(deflate.Append(nil, data)) + len(deflate.Final) + gzipFrame)
	}
	return sum, nil
}

// extract writes the files, folders and links of an archive below dir, and nothing
// anywhere else. Links that lead elsewhere are links of the image's root.
func extract(archive io.Reader, dir string) (err error) {
	if err := makeDir(dir); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := put(root, h, r); err != nil {
			return fmt.Errorf("%q: %w", h.Name, err)
		}
	}
}

func put(root *os.Root, h *tar.Header, data io.Reader) error {
	name := strings.Trim(path.Clean(h.Name), "/")
	if name == "." || name == "" {
		return nil
	}
	if h.Typeflag == tar.TypeDir {
		return root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return root.Link(strings.Trim(path.Clean(h.Linkname), "/"), name)
	case tar.TypeReg:
		file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, data)
		return errors.Join(err, file.Chmod(h.FileInfo().Mode().Perm()), file.Close())
	}
	return nil // devices: nobody needs them here
}

// programs is where images have nginx.
var programs = []string{"usr/sbin/nginx", "usr/local/sbin/nginx", "usr/bin/nginx", "usr/local/bin/nginx", "usr/local/nginx/sbin/nginx", "sbin/nginx", "bin/nginx"}

// program is nginx in the root.
func (r Root) program() (string, error) {
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return "", err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	for _, name := range programs {
		if _, err := root.Stat(name); err == nil {
			return "/" + filepath.ToSlash(name), nil
		}
	}
	return "", fmt.Errorf("there is no nginx: it was looked for at %s", strings.Join(programs, ", "))
}
