package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// try returns a function that runs a program of the tree as the image will:
// below the tree as a read-only root, as the image's user, without a network.
// For another machine's platform it needs an emulator, and is nil without one. Env is
// all of its environment.
func try(t *tree.Tree, user, platform string, env ...string) func(context.Context, ...string) (string, error) {
	emulator, ok := emulatorOf(platform)
	if !ok {
		return nil
	}
	return func(ctx context.Context, argv ...string) (output string, err error) {
		uid, gid, err := ids(user)
		if err != nil {
			return "", err
		}
		root, err := os.MkdirTemp("", "nginx-scratch-try-")
		if err != nil {
			return "", fmt.Errorf("preparing a root: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
		if err := os.Chmod(root, 0o755); err != nil {
			return "", fmt.Errorf("preparing a root: %w", err)
		}
		if err := t.WriteTo(root); err != nil {
			return "", fmt.Errorf("preparing a root: %w", err)
		}
		// Where a container runtime mounts what the kernel provides.
		for _, dir := range []string{"dev", "proc"} {
			if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
				return "", fmt.Errorf("preparing a root: %w", err)
			}
		}
		var out bytes.Buffer
		c := base.Command{Root: root, Argv: argv, Env: env, Dir: "/", UID: uid, GID: gid, Loopback: true, Output: &out}
		if emulator != "" {
			c.Mounts = []base.Mount{{Source: emulator, Target: emulatorPath}}
			c.Argv = append([]string{emulatorPath}, argv...)
		}
		err = base.Run(ctx, c)
		return out.String(), err
	}
}

func ids(user string) (uid, gid int, err error) {
	u, g, _ := strings.Cut(user, ":")
	uid, err1 := strconv.Atoi(u)
	gid, err2 := strconv.Atoi(g)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("reading the image's user %q: %w", user, err)
	}
	return uid, gid, nil
}
