package peers

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/closure"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// user is that of nginx-scratch, so that all are started alike.
const user = "65532:65532"

// ours marks the files that are in no package.
const ours = "bench"

// A Fetcher makes packages present.
type Fetcher interface {
	Fetch(ctx context.Context, inputs []images.Input) error
	Path(in images.Input) string
}

// format numbers how images are made of packages: another one needs other tags.
const format = 1

// Tag is what a peer's image is called. It goes by what the image is made of, so that one
// that is there need not be made again.
func (p Peer) Tag() string {
	var hashes []string
	for _, k := range p.Packages {
		hashes = append(hashes, k.SHA256)
	}
	made := fmt.Sprintln(format, oci.FormatVersion, p.Modules, hashes)
	return fmt.Sprintf("nginx-scratch-bench:%s-%.6x", p.Name, sha256.Sum256([]byte(made)))
}

// Load makes the image of a peer and loads it into Docker.
func Load(ctx context.Context, p Peer, platform string, from Fetcher) error {
	if err := from.Fetch(ctx, p.Inputs()); err != nil {
		return fmt.Errorf("making %s: %w", p.Tag(), err)
	}
	img, err := p.image(platform, from)
	if err != nil {
		return fmt.Errorf("making %s: %w", p.Tag(), err)
	}
	_, _, err = publish.Docker(ctx, img, p.Tag())
	return err
}

func (p Peer) image(platform string, from Fetcher) (v1.Image, error) {
	all := tree.New()
	for _, k := range p.Packages {
		if err := unpackFile(all, k, from.Path(k.Input)); err != nil {
			return nil, fmt.Errorf("unpacking %s %s: %w", k.Name, k.Version, err)
		}
	}
	files, err := p.needed(all)
	if err != nil {
		return nil, err
	}
	where, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, fmt.Errorf("the lock of the peers: %w", err)
	}
	return oci.Image(files, oci.Config{
		Platform: *where, Created: time.Unix(0, 0), User: user, StopSignal: "SIGQUIT",
		// Its own error log, which it opens before it reads a configuration, is a file.
		Cmd: []string{"/usr/sbin/nginx", "-e", "stderr", "-g", "daemon off;"},
		Env: []string{"PATH=/usr/sbin"},
	})
}

func unpackFile(all *tree.Tree, k Package, name string) (err error) {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return unpack(all, k.Name, file)
}

// needed are nginx and its modules, what its loader loads, and accounts.
func (p Peer) needed(all *tree.Tree) (*tree.Tree, error) {
	// Debian's base system has these links, which are in no package's list of files.
	// By way of lib, libraries are where a search without Debian's folders finds them.
	for name, target := range map[string]string{"lib": "usr/lib/" + multiarch(all), "lib64": "usr/lib64"} {
		err := all.Add(tree.File{Path: name, Mode: fs.ModeSymlink, Link: target, Origin: tree.Origin{Component: ours, Path: name}})
		if err != nil {
			return nil, err
		}
	}
	graph, err := closure.Find(all, p.requests())
	if err != nil {
		return nil, err
	}
	files := tree.New()
	for _, f := range graph.Files() {
		if err := files.Add(f); err != nil {
			return nil, err
		}
	}
	for name, content := range map[string]string{ //nolint:gosec // accounts without passwords
		"etc/passwd": "nginx:x:65532:65532::/nonexistent:/sbin/nologin\n", "etc/group": "nginx:x:65532:\n",
	} {
		f := tree.File{Path: name, Mode: 0o644, Data: []byte(content), Origin: tree.Origin{Component: ours, Path: name}}
		if err := files.Add(f); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (p Peer) requests() []string {
	requests := []string{"usr/sbin/nginx"}
	for _, module := range p.ModulePaths() {
		requests = append(requests, strings.TrimPrefix(module, "/"))
	}
	return requests
}

// multiarch is the folder below usr/lib in which Debian has the libraries of an
// architecture.
func multiarch(all *tree.Tree) string {
	for f := range all.All() {
		if path.Base(f.Path) == "libc.so.6" {
			return path.Base(path.Dir(f.Path))
		}
	}
	return ""
}
