package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// project is the origin of the files that are this repository's own.
const project = "nginx-scratch"

// account is the name of the image's user.
const account = "nginx"

// assemble puts the repository's configuration, the links, what is from
// elsewhere and the accounts into a tree.
func (b *builder) assemble(ctx context.Context, platform string) (*tree.Tree, error) {
	t, d := tree.New(), b.definition
	for _, m := range d.Config {
		if err := addConfig(t, os.DirFS(b.Repository), m); err != nil {
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
	if err := b.origin.fill(ctx, platform, t); err != nil {
		return nil, err
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

// accountFiles are what nginx finds its user in, with root's line.
var accountFiles = map[string]string{ //nolint:gosec // there is no password: x says so
	"etc/passwd": "root:x:0:0:root:/:/nonexistent\n",
	"etc/group":  "root:x:0:\n",
}

// accountLine is the line of the image's user in one of those.
func accountLine(file, user string) string {
	uid, gid, _ := strings.Cut(user, ":")
	if file == "etc/group" {
		return account + ":x:" + gid + ":\n"
	}
	return account + ":x:" + uid + ":" + gid + ":nginx:/nonexistent:/nonexistent\n"
}

// addAccounts names the image's user nginx, where no package has accounts:
// also when the container runs as root, nginx finds by this name whom its
// workers are to be.
func addAccounts(t *tree.Tree, user string) error {
	for name, root := range accountFiles {
		if f, ok := t.Lookup(name); ok && f.Origin == accountOrigin {
			continue
		}
		err := t.Add(tree.File{Path: name, Mode: 0o644, Data: []byte(root + accountLine(name, user)), Origin: accountOrigin})
		if err != nil {
			return err
		}
	}
	return nil
}

var accountOrigin = tree.Origin{Component: project, Path: "image.user"}
