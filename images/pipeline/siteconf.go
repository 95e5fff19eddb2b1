package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/conf/lint"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// configure judges and tries the configuration, and finds out how it serves files.
func (m *siteMaker) configure(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "nginx-scratch-conf-")
	if err != nil {
		return fmt.Errorf("preparing the configuration: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a copy
	all, err := m.merged(m.products[0].tree)
	if err != nil {
		return err
	}
	if err := writeBelow(all, "etc/nginx", dir); err != nil {
		return fmt.Errorf("preparing the configuration: %w", err)
	}
	fsys := os.DirFS(dir)
	found, err := lint.Find(fsys, "nginx.conf", lint.Options{}, "types", "gzip_types", "gzip_min_length", "gzip_static", "brotli_static",
		"proxy_pass", "fastcgi_pass", "grpc_pass", "uwsgi_pass", "scgi_pass", "memcached_pass", "server", "resolver")
	if err != nil {
		return err
	}
	m.serving = servingOf(found)
	if m.conf == nil {
		return nil // the image's own, which was tried when it was built
	}
	if err := m.lint(fsys); err != nil {
		return err
	}
	if len(m.encodings(m.products[0])) == 0 {
		m.out.Note(m.Conf + ": no compressed files are made, for nothing says gzip_static on")
	}
	for _, p := range m.products {
		if err := m.test(ctx, p, hosts(found)); err != nil {
			return err
		}
	}
	return nil
}

// hostName is a name that nginx would look up when it starts.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// hosts are the names of servers that a configuration passes requests to. Most are
// known only where the image will run.
func hosts(found []lint.Setting) []string {
	names := []string{}
	for _, d := range found {
		args := d.Args
		if d.Name != "resolver" && len(args) > 1 {
			args = args[:1]
		}
		for _, arg := range args {
			if _, rest, ok := strings.Cut(arg, "://"); ok {
				arg = rest
			}
			arg, _, _ = strings.Cut(arg, "/")
			arg, _, _ = strings.Cut(arg, ":")
			if _, err := netip.ParseAddr(arg); err != nil && arg != "unix" && hostName.MatchString(arg) {
				names = append(names, arg)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// lint prints what conf/lint finds, by the names that the person knows.
func (m *siteMaker) lint(fsys fs.FS) error {
	findings, err := lint.Check(fsys, ".", lint.Options{})
	if err != nil {
		return err
	}
	errs := 0
	for i, f := range findings {
		if name, theirs := strings.CutPrefix(f.File, path.Base(confTarget)+"/"); theirs {
			findings[i].File = filepath.Join(m.Conf, name)
		} else {
			findings[i].File = "/etc/nginx/" + f.File
		}
		if f.Severity == lint.Error {
			errs++
		}
	}
	var text bytes.Buffer
	if err := lint.WriteText(&text, findings); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		m.out.Note(strings.TrimSuffix(line, "\n"))
	}
	if errs > 0 {
		return fmt.Errorf("%s: %d errors", m.Conf, errs)
	}
	return nil
}

// test has the image's own nginx read the configuration.
func (m *siteMaker) test(ctx context.Context, p product, names []string) error {
	config, err := p.img.ConfigFile()
	if err != nil {
		return err
	}
	all, err := m.merged(p.tree)
	if err != nil {
		return err
	}
	if _, there := all.Lookup("etc/hosts"); !there && len(names) > 0 {
		var lines bytes.Buffer
		for _, name := range names {
			lines.WriteString("127.0.0.1 " + name + "\n")
		}
		if err := all.Add(tree.File{Path: "etc/hosts", Mode: 0o644, Data: lines.Bytes(), Origin: tree.Origin{Component: project, Path: "hosts"}}); err != nil {
			return err
		}
	}
	run := try(all, m.definition.Image.User, p.platform, config.Config.Env...)
	if run == nil {
		m.out.Note("The configuration was not tried for " + p.platform + ": nothing runs its programs here")
		return nil
	}
	argv := []string{"/" + m.definition.Image.Binary, "-t"}
	if entry := config.Config.Entrypoint; len(entry) > 0 && p.platform == hostPlatform() {
		argv = append(slices.Clone(entry), path.Base(m.definition.Image.Binary), "-t")
	}
	output, err := run(ctx, argv...)
	if err != nil {
		return fmt.Errorf("nginx refuses the configuration of %s: %w\n%s\n(it opens what a configuration names, such as certificates: "+
			"put that into the folder, or leave those servers to a conf.d that is mounted)", m.Conf, err, strings.TrimSpace(output))
	}
	for line := range strings.Lines(output) {
		if strings.Contains(line, "[warn]") {
			m.out.Note(strings.TrimSpace(line))
		}
	}
	return nil
}

// merged is the image's tree with the person's configuration.
func (m *siteMaker) merged(t *tree.Tree) (*tree.Tree, error) {
	if m.conf == nil {
		return t, nil
	}
	all := tree.New()
	for f := range t.All() {
		if f.Origin == (tree.Origin{}) && f.Mode.IsDir() || strings.HasPrefix(f.Path, confTarget+"/") {
			continue // folders come with what is in them
		}
		if err := all.Add(f); err != nil {
			return nil, err
		}
	}
	return all, m.conf.AddTo(all)
}

// writeBelow writes what a tree has below a folder to an empty one of this machine.
func writeBelow(t *tree.Tree, folder, dir string) error {
	part := tree.New()
	var errs []error
	for f := range t.All() {
		if name, below := strings.CutPrefix(f.Path, folder+"/"); below {
			f.Path = name
			errs = append(errs, part.Add(f))
		}
	}
	return errors.Join(append(errs, part.WriteTo(dir))...)
}
