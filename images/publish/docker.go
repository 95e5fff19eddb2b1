// Package publish puts a release where it can be run: into a registry or into a
// Docker engine.
//
// The Docker engine is the one at the system's usual socket, or where Docker's
// own variables say: DOCKER_HOST, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY and
// DOCKER_API_VERSION. Docker's contexts are not looked at.
package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// pingTimeout is how long an engine may take to say that it is there.
const pingTimeout = 5 * time.Second

// DockerAvailable reports why no Docker engine answers, and what to do.
func DockerAvailable(ctx context.Context) error {
	return withDocker(func(engine *client.Client) error { return ping(ctx, engine) })
}

// Docker loads img into the Docker engine as tag ("nginx-scratch:static") and
// gives the ID under which the engine knows it. Where tag is that image already
// nothing is sent and loaded is false.
//
// The ID is the digest of the image's configuration, or, in an engine with the
// containerd image store, of its manifest. Any other ID is an error.
func Docker(ctx context.Context, img v1.Image, tag string) (imageID string, loaded bool, err error) {
	err = withDocker(func(engine *client.Client) error {
		imageID, loaded, err = load(ctx, engine, img, tag)
		return err
	})
	return imageID, loaded, err
}

func withDocker(do func(*client.Client) error) error {
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return fmt.Errorf("connecting to Docker: %w: check DOCKER_HOST", err)
	}
	return errors.Join(do(engine), engine.Close())
}

func ping(ctx context.Context, engine *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if _, err := engine.Ping(ctx, client.PingOptions{}); err != nil {
		return fmt.Errorf("reaching Docker at %s: %w: start it (sudo systemctl start docker), "+
			"install it (sudo apt-get install docker.io), or set DOCKER_HOST to another engine", engine.DaemonHost(), err)
	}
	return nil
}

func load(ctx context.Context, engine *client.Client, img v1.Image, tag string) (imageID string, loaded bool, err error) {
	name, err := parseTag(tag)
	if err != nil {
		return "", false, err
	}
	good, err := goodIDs(img)
	if err != nil {
		return "", false, fmt.Errorf("identifying the image for %s: %w", tag, err)
	}
	have, err := engine.ImageInspect(ctx, tag)
	if err != nil && !errdefs.IsNotFound(err) {
		return "", false, fmt.Errorf("asking Docker for %s: %w", tag, err)
	}
	if err == nil && slices.Contains(good, have.ID) {
		return have.ID, false, nil
	}
	if err := send(ctx, engine, img, name); err != nil {
		return "", false, fmt.Errorf("loading %s into Docker: %w", tag, err)
	}
	got, err := engine.ImageInspect(ctx, tag)
	if err != nil {
		return "", true, fmt.Errorf("asking Docker for %s after loading it: %w", tag, err)
	}
	if !slices.Contains(good, got.ID) {
		return "", true, fmt.Errorf("loading %s into Docker: it is %s there, but must be one of %s: "+
			"something else gave that tag to another image; load it again", tag, got.ID, good)
	}
	return got.ID, true, nil
}

// goodIDs are the digests that an engine can know img by.
func goodIDs(img v1.Image) ([]string, error) {
	config, err := img.ConfigName()
	if err != nil {
		return nil, err
	}
	manifest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	return []string{config.String(), manifest.String()}, nil
}

// parseTag wants a name with a tag, and no digest.
func parseTag(tag string) (reference.NamedTagged, error) {
	named, err := reference.ParseNormalizedNamed(tag)
	if err != nil {
		return nil, fmt.Errorf("tag %q: %w", tag, err)
	}
	tagged, ok := named.(reference.NamedTagged)
	if _, digested := named.(reference.Digested); !ok || digested {
		return nil, fmt.Errorf("tag %q must be like nginx-scratch:static", tag)
	}
	return tagged, nil
}

// send gives an archive to the engine and waits until it has taken it in.
func send(ctx context.Context, engine *client.Client, img v1.Image, name reference.NamedTagged) (err error) {
	read, write := io.Pipe()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		write.CloseWithError(archive(write, img, name))
	}()
	defer func() { <-packed }()
	defer read.Close() //nolint:errcheck // it never fails
	answer, err := engine.ImageLoad(ctx, read, client.ImageLoadWithQuiet(true))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Close()) }()
	for messages := json.NewDecoder(answer); ; {
		var message jsonstream.Message
		err := messages.Decode(&message)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading Docker's answer: %w", err)
		case message.Error != nil:
			return message.Error
		}
	}
}
