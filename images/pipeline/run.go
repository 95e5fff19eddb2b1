package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/run"
)

// What a container that is started from here may use.
const (
	runMemory = 512 << 20 // bytes; /dev/shm is part of it
	runPids   = 512
)

// seccompFile is the profile that comes with the project.
const seccompFile = "conf/deploy/seccomp.json"

// templatesTarget is where the image looks for templates.
const templatesTarget = "etc/nginx/templates"

// portVariable moves the default server inside the container.
const portVariable = "NGINX_PORT"

// RunOptions say what a container runs with. Folders are mounted read-only.
type RunOptions struct {
	Site, Conf, Templates string // folders of this machine; empty is the image's own
	EnvFile               string // lines NAME=value; empty is no environment
	Port                  int    // on 127.0.0.1; 0 is a free one
	// Interrupts says when to stop, and when to wait no longer. It is called when
	// the image is built.
	Interrupts func(context.Context) (stop context.Context, kill <-chan struct{})
	Stdout     io.Writer // gets the address
}

// Run builds the image where it is not up to date, and runs it in Docker with every lock
// on until it ends. The error is a *run.Ended where nginx did not end well.
func Run(ctx context.Context, o Options, r RunOptions) error {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	b := builder{Options: o, out: out}
	c, err := r.container(o.Repository, out.Note)
	if err != nil {
		return err
	}
	if err := publish.DockerAvailable(ctx); err != nil {
		return err
	}
	if err := b.build(ctx); err != nil {
		return interrupted(ctx, err)
	}
	if _, err := b.deliver(ctx); err != nil {
		return interrupted(ctx, err)
	}
	if b.imageID == "" {
		return fmt.Errorf("running %s: Docker does not have it", b.Name)
	}
	c.Image = b.imageID // whoever builds another image beside this gives it the same name
	if c.Listen == "" {
		c.Listen = b.definition.Image.Ports[0]
	}
	if err := readable(c.Mounts, b.definition.Image.User, out.Note); err != nil {
		return err
	}
	stop, kill := r.Interrupts(ctx)
	return run.Run(stop, c, run.Session{Logs: o.Stderr, Kill: kill, Ready: func(address string) error {
		_, err := fmt.Fprintln(r.Stdout, address)
		return err
	}})
}

// container is what can be said before the image is there.
func (r RunOptions) container(repository string, note func(string)) (run.Container, error) {
	c := run.Container{Memory: runMemory, Pids: runPids}
	if r.Port < 0 || r.Port > 65535 {
		return c, fmt.Errorf("port %d: it must be 1 to 65535, or left out for a free one", r.Port)
	}
	c.Port = uint16(r.Port)
	for _, m := range []run.Mount{{Source: r.Site, Target: pagesTarget}, {Source: r.Conf, Target: confTarget}, {Source: r.Templates, Target: templatesTarget}} {
		if m.Source == "" {
			continue
		}
		path, err := filepath.Abs(m.Source)
		if err != nil {
			return c, fmt.Errorf("finding %s: %w", m.Source, err)
		}
		switch info, err := os.Stat(path); {
		case err != nil:
			return c, fmt.Errorf("mounting a folder: %w", err)
		case !info.IsDir():
			return c, fmt.Errorf("mounting %s: it is not a folder", m.Source)
		}
		c.Mounts = append(c.Mounts, run.Mount{Source: path, Target: "/" + m.Target})
	}
	var err error
	if r.EnvFile != "" {
		if c.Env, err = readEnv(r.EnvFile); err != nil {
			return c, err
		}
	}
	for _, e := range c.Env {
		if port, ok := strings.CutPrefix(e, portVariable+"="); ok {
			c.Listen = port + "/tcp"
		}
	}
	profile, err := os.ReadFile(filepath.Join(repository, seccompFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		note("seccomp: the engine's own profile, for there is no " + seccompFile)
	case err != nil:
		return c, fmt.Errorf("reading the seccomp profile: %w", err)
	}
	c.Seccomp = string(profile)
	return c, nil
}

// readEnv reads a file of lines NAME=value. Empty lines and those that begin with # are
// left out.
func readEnv(name string) (env []string, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the environment: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		variable, _, ok := strings.Cut(line, "=")
		if !ok || variable == "" || strings.ContainsAny(variable, " \t\x00") || strings.ContainsRune(line, 0) {
			return nil, fmt.Errorf("%s:%d: a line must be NAME=value", name, n)
		}
		env = append(env, line)
	}
	return env, nil
}

// readable notes the first file of each folder that the image's user cannot read.
func readable(mounts []run.Mount, user string, note func(string)) error {
	uid, gid, err := ids(user)
	if err != nil {
		return err
	}
	for _, m := range mounts {
		err := filepath.WalkDir(m.Source, func(name string, _ fs.DirEntry, err error) error {
			if err != nil {
				note(fmt.Sprintf("%s cannot be looked at: %v", name, err))
				return fs.SkipAll
			}
			info, err := os.Stat(name) // what a link leads to
			if err != nil {
				return nil //nolint:nilerr // a link to nothing is not found, which is what nginx will say
			}
			if !allowed(info, uid, gid) {
				note(fmt.Sprintf("%s has mode %v: nginx, which is user %s, cannot read it (chmod -R a+rX %s)", name, info.Mode(), user, m.Source))
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("looking at %s: %w", m.Source, err)
		}
	}
	return nil
}

// allowed reports whether a user may read a file, or list and enter a folder.
func allowed(info fs.FileInfo, uid, gid int) bool {
	need := fs.FileMode(0o4)
	if info.IsDir() {
		need = 0o5
	}
	mode := info.Mode().Perm()
	owner, group := owners(info)
	switch {
	case owner == uid:
		mode >>= 6
	case group == gid:
		mode >>= 3
	}
	return mode&need == need
}

// owners are who a file belongs to.
func owners(info fs.FileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return -1, -1
}
