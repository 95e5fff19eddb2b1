// Package run starts an image in the Docker engine with every lock on, and stays until
// it ends.
//
// The engine is the one that images/publish loads images into.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Times of what is waited for.
const (
	detached = 10 * time.Second      // for one answer of the engine after the context has ended
	grace    = 10 * time.Second      // that responses under way have to finish, as docker stop gives
	starting = 5 * time.Second       // for nginx to have workers; then it is taken to serve
	glance   = 50 * time.Millisecond // between looks at a container that starts
	watch    = time.Second           // between looks at one that runs
	drain    = 5 * time.Second       // for the last lines of the logs
)

// A Container is an image and what it runs with. All of its locks are always on.
type Container struct {
	Image   string  // reference or ID, which the engine has
	Listen  string  // the port inside that is published, such as 8080/tcp
	Port    uint16  // of 127.0.0.1; 0 lets the engine choose
	Mounts  []Mount // read-only
	Env     []string
	Seccomp string // a profile in Docker's format; empty is the engine's own
	Memory  int64  // bytes, swap included
	Pids    int64
}

// A Mount shows a folder of this machine at a path inside.
type Mount struct{ Source, Target string }

// A Session is who the container runs for.
type Session struct {
	// Ready is told the address, such as http://127.0.0.1:32768/, once nginx serves.
	Ready func(address string) error
	Logs  io.Writer // what the container prints, and a line for what happens to it
	// Kill ends a container that has been told to stop and takes its time.
	Kill <-chan struct{}
}

// Ended is the error of a container whose nginx did not end well. It says so to mage by
// ExitStatus.
type Ended struct { //nolint:errname // run.Ended is what it is
	Code   int
	Reason string
}

func (e *Ended) Error() string { return e.Reason }

// ExitStatus is nginx's exit code.
func (e *Ended) ExitStatus() int { return e.Code }

// Run starts the container and returns when it has ended and is removed. When ctx ends
// it is told to stop as the image says, and killed after ten seconds, or at a word of
// Kill. The error is nil where nginx ended with 0, and an *Ended where it did not.
func Run(ctx context.Context, c Container, s Session) (err error) {
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return fmt.Errorf("connecting to Docker: %w: check DOCKER_HOST", err)
	}
	defer func() { _ = engine.Close() }() // it closes idle connections; an *Ended has to stay one
	return with(ctx, engine, c, s)
}

func with(ctx context.Context, engine *client.Client, c Container, s Session) (err error) {
	config, host, err := c.locked()
	if err != nil {
		return err
	}
	made, err := engine.ContainerCreate(ctx, client.ContainerCreateOptions{Config: config, HostConfig: host})
	if err != nil {
		return fmt.Errorf("making a container of %s: %w", c.Image, explain(err, c))
	}
	s.Logs = &lines{w: s.Logs}
	r := &runner{Container: c, Session: s, engine: engine, id: made.ID}
	defer func() {
		removed := r.detached(ctx, func(ctx context.Context) error {
			_, err := engine.ContainerRemove(ctx, r.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			return err
		})
		if removed != nil {
			removed = fmt.Errorf("removing the container %.12s: %w", r.id, removed)
		}
		if removed != nil { // else an *Ended has to stay one: mage does not look into errors
			err = errors.Join(err, removed)
		}
	}()
	for _, warning := range made.Warnings {
		r.note(warning)
	}
	return r.run(ctx)
}

// A runner is one container that was made.
type runner struct {
	Container
	Session

	engine *client.Client
	id     string
	logged chan struct{} // closed when the logs have come to their end
}

// detached does something that has to be done although the context may have ended.
func (r *runner) detached(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detached)
	defer cancel()
	return do(ctx)
}

// lines lets several write to one writer.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (r *runner) note(line string) { _, _ = io.WriteString(r.Logs, line+"\n") }

// run starts the container and sees it to its end.
func (r *runner) run(ctx context.Context) error {
	// All but stopping goes on when ctx ends.
	alive, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ended := r.engine.ContainerWait(alive, r.id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := r.engine.ContainerStart(ctx, r.id, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("starting the container: %w", explain(err, r.Container))
	}
	if err := r.follow(alive); err != nil {
		return err
	}
	state := &watching{runner: r}
	tick := time.NewTicker(glance)
	defer tick.Stop()
	stop, kill := ctx.Done(), (<-chan struct{})(nil)
	stopped := make(chan error, 1)
	for {
		select {
		case answer := <-ended.Result:
			return r.end(ctx, state, answer)
		case err := <-ended.Error:
			return fmt.Errorf("waiting for the container: %w", err)
		case err := <-stopped:
			if err != nil {
				return fmt.Errorf("stopping the container: %w", err)
			}
		case <-stop:
			stop, kill, state.stopping = nil, r.Kill, true
			r.note("Stopping: responses under way are finished first, for up to 10 s (Ctrl-C again ends them)")
			go func() { stopped <- r.stop(alive) }()
		case <-kill:
			kill, state.killed = nil, true
			if err := r.detached(ctx, r.kill); err != nil {
				return fmt.Errorf("killing the container: %w", err)
			}
		case <-tick.C:
			serves, err := state.look(alive)
			if err != nil {
				return err
			}
			if serves {
				tick.Reset(watch)
			}
		}
	}
}

func (r *runner) stop(ctx context.Context) error {
	seconds := int(grace.Seconds())
	_, err := r.engine.ContainerStop(ctx, r.id, client.ContainerStopOptions{Timeout: &seconds})
	return err
}

func (r *runner) kill(ctx context.Context) error {
	_, err := r.engine.ContainerKill(ctx, r.id, client.ContainerKillOptions{})
	return err
}

// end says how it went.
func (r *runner) end(ctx context.Context, state *watching, answer container.WaitResponse) error {
	select {
	case <-r.logged:
	case <-time.After(drain):
	}
	code := int(answer.StatusCode)
	var outOfMemory bool
	_ = r.detached(ctx, func(ctx context.Context) error { // without an answer it is only not known why
		got, err := r.engine.ContainerInspect(ctx, r.id, client.ContainerInspectOptions{})
		outOfMemory = err == nil && got.Container.State != nil && got.Container.State.OOMKilled
		return err
	})
	switch {
	case answer.Error != nil:
		return fmt.Errorf("waiting for the container: %s", answer.Error.Message)
	case code == 0 && state.stopping:
		r.note("nginx has stopped")
		return nil
	case code == 0:
		r.note("nginx has ended by itself")
		return nil
	case outOfMemory:
		return &Ended{code, fmt.Sprintf("nginx was killed at its memory limit of %d MB", r.Memory>>20)}
	case state.killed:
		return &Ended{code, "nginx was killed before it had finished"}
	case state.stopping:
		return &Ended{code, fmt.Sprintf("nginx was told to stop, and ended with exit code %d", code)}
	case !state.serves:
		return &Ended{code, fmt.Sprintf("nginx ended with exit code %d before it served anything; what it said is above", code)}
	}
	return &Ended{code, fmt.Sprintf("nginx ended with exit code %d", code)}
}

// address is where the published port is.
func (r *runner) address(got container.InspectResponse) (string, error) {
	port, err := network.ParsePort(r.Listen)
	if err != nil {
		return "", fmt.Errorf("reading the port %q: %w", r.Listen, err)
	}
	if got.NetworkSettings == nil || len(got.NetworkSettings.Ports[port]) == 0 {
		return "", fmt.Errorf("the engine has published no port for %s", r.Listen)
	}
	binding := got.NetworkSettings.Ports[port][0]
	number, err := strconv.ParseUint(binding.HostPort, 10, 16)
	if err != nil {
		return "", fmt.Errorf("reading the port that the engine has published: %w", err)
	}
	return "http://" + netip.AddrPortFrom(binding.HostIP, uint16(number)).String() + "/", nil
}
