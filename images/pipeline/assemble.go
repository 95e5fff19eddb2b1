package pipeline

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// project is the origin of the files that are this repository's own.
const project = "nginx-scratch"

// assemble puts what nginx has installed, the configuration, the links and the
// accounts into a tree.
func assemble(repository fs.FS, d images.Definition, nginx compile.Entry) (*tree.Tree, error) {
	t := tree.New()
	for _, m := range d.Install {
		data, err := os.ReadFile(nginx.Path(m.From))
		if err != nil {
			return nil, fmt.Errorf("reading what nginx has installed: %w", err)
		}
		mode := fs.FileMode(0o644)
		if m.To == d.Image.Binary {
			mode = 0o755
		}
		err = t.Add(tree.File{Path: m.To, Mode: mode, Data: data, Origin: tree.Origin{Component: "nginx", Path: m.From}})
		if err != nil {
			return nil, err
		}
	}
	for _, m := range d.Config {
		if err := addConfig(t, repository, m); err != nil {
			return nil, fmt.Errorf("adding %s: %w", m.From, err)
		}
	}
	for name, target := range d.Links {
		err := t.Add(tree.File{
			Path: name, Mode: fs.ModeSymlink | 0o777, Link: target,
			Origin: tree.Origin{Component: project, Path: "links"},
		})
		if err != nil {
			return nil, err
		}
	}
	return t, addAccounts(t, d.Image.User)
}

// addConfig adds a file, or all files below a folder. Modes in a checkout
// follow the umask of whoever made it, so they are set, not copied.
func addConfig(t *tree.Tree, repository fs.FS, m images.Mapping) error {
	if err := noLinks(repository, m.From); err != nil {
		return err
	}
	return fs.WalkDir(repository, m.From, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is no regular file: only those can be in the image", name)
		}
		data, err := fs.ReadFile(repository, name)
		if err != nil {
			return err
		}
		return t.Add(tree.File{
			Path: path.Join(m.To, strings.TrimPrefix(name, m.From)), Mode: 0o644, Data: data,
			Origin: tree.Origin{Component: project, Path: name},
		})
	})
}

// noLinks refuses a path that goes through a link: what is there is something
// else, maybe from outside the repository.
func noLinks(repository fs.FS, name string) error {
	for ; name != "."; name = path.Dir(name) {
		info, err := fs.Lstat(repository, name)
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s is a link: put what it leads to in its place", name)
		}
	}
	return nil
}

// addAccounts names the image's user nginx: also when the container runs as
// root, nginx finds by this name whom its workers are to be.
func addAccounts(t *tree.Tree, user string) error {
	uid, gid, _ := strings.Cut(user, ":")
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/:/nonexistent\nnginx:x:" + uid + ":" + gid + ":nginx:/nonexistent:/nonexistent\n",
		"etc/group":  "root:x:0:\nnginx:x:" + gid + ":\n",
	} {
		err := t.Add(tree.File{
			Path: name, Mode: 0o644, Data: []byte(text),
			Origin: tree.Origin{Component: project, Path: "image.user"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
