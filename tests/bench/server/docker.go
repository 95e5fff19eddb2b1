package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
)

// label marks the containers of the bench, so that those of a run that was killed are
// found.
const label = "io.github.nginx-scratch.bench"

// docker runs the client of Docker and returns what it prints, without the newline.
func docker(ctx context.Context, args ...string) (string, error) {
	out, _, err := dockerBoth(ctx, args...)
	return out, err
}

// dockerBoth returns what goes to stderr as well. Ctrl-C is not for the client, which is
// in a group of its own: it is this program that ends what it has begun.
func dockerBoth(ctx context.Context, args ...string) (out, problems string, err error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	out, problems = strings.TrimSpace(stdout.String()), strings.TrimSpace(stderr.String())
	switch {
	case ctx.Err() != nil:
		return "", "", context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return "", "", errors.New("there is no docker: install it (sudo apt-get install docker.io)")
	case err != nil:
		return "", "", fmt.Errorf("docker %s: %w: %s", args[0], err, problems)
	}
	return out, problems, nil
}

// RemoveLeftovers removes the containers of earlier runs.
func RemoveLeftovers(ctx context.Context) error {
	ids, err := docker(ctx, "ps", "-aq", "--filter", "label="+label)
	if err != nil || ids == "" {
		return err
	}
	_, err = docker(ctx, append([]string{"rm", "-f", "-v"}, strings.Fields(ids)...)...)
	return err
}

// Engine is the engine that runs the servers.
func Engine(ctx context.Context) (string, error) {
	version, err := docker(ctx, "version", "-f", "Docker {{.Server.Version}}")
	if err != nil {
		return "", fmt.Errorf("asking for the engine: %w", err)
	}
	return version, nil
}

// Has says whether the engine has an image.
func Has(ctx context.Context, image string) (bool, error) {
	ids, err := docker(ctx, "images", "-q", image)
	if err != nil {
		return false, fmt.Errorf("asking the engine for %s: %w", image, err)
	}
	return ids != "", nil
}
