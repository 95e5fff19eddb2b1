package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/nginx-scratch/nginx-scratch/images/content"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// odd is an environment that no builder has, and that no image must show.
var odd = []string{
	"TZ=Pacific/Auckland", "LC_ALL=C.UTF-8", "LANG=de_DE", "CFLAGS=-O0", "LDFLAGS=-s", epochVariable + "=1", anewVariable + "=1",
	"USER=somebody", "LOGNAME=somebody", "HOSTNAME=elsewhere",
}

// handed are the variables of this process that the second build needs too: the way to
// mirrors, and to programs.
var handed = []string{
	"PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	sourceVariable, debianVariable, alpineVariable, keysVariable, bundleVariable,
}

// run builds in a process of its own, for only a process has a umask and a time zone.
func (a *again) run(ctx context.Context, how Rebuilding, cache string) error {
	definition, err := loadDefinition(a.Repository, a.Name)
	if err != nil {
		return err
	}
	args := []string{"build", a.Name, "-jobs=" + strconv.Itoa(a.Jobs+1)}
	if definition.Alpine == nil && a.Base != "" {
		args = append(args, "-base="+a.Base)
	}
	if len(a.Platforms) > 0 {
		args = append(args, "-platform="+strings.Join(a.Platforms, ","))
	}
	cmd := exec.CommandContext(ctx, how.Program, args...)
	cmd.Dir = a.Repository
	cmd.Env = append(slices.Clone(odd), cacheVariable+"="+cache, "HOME="+a.dir,
		// What is built here is not for the engine.
		"DOCKER_HOST=unix://"+filepath.Join(a.dir, "no-engine"))
	for _, variable := range how.Environ {
		if name, _, _ := strings.Cut(variable, "="); slices.Contains(handed, name) {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	var said bytes.Buffer // as much as a first build has said, and of interest only if it fails
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	if err = startMasked(cmd, 0o077); err == nil {
		err = cmd.Wait()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("building it again: %w:\n%s", err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

// startAllMasked starts a command while the whole process has another umask.
func startAllMasked(cmd *exec.Cmd, mask int) error {
	own := syscall.Umask(mask)
	defer syscall.Umask(own)
	return cmd.Start()
}

// read opens what was built.
func (a *again) read(ctx context.Context) error {
	dir := filepath.Join(a.Repository, "dist", a.Name, "oci")
	if _, err := release.Open(dir); err != nil {
		return err
	}
	found, err := openLayout(ctx, "the second build", dir, "")
	if err != nil {
		return err
	}
	a.opened = found
	provenance, err := ReadProvenance(a.Repository, a.Name, found.Descriptor.Digest)
	if err != nil {
		return err
	}
	a.made, err = provenance.Made()
	return err
}

// entry is the image for a platform, if it was built.
func (a *again) entry(platform string) (content.Entry, bool) {
	i := slices.IndexFunc(a.Images, func(e content.Entry) bool { return e.Platform == platform })
	if i < 0 {
		return content.Entry{}, false
	}
	return a.Images[i], true
}
