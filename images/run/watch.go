package run

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// follow copies what the container prints to the logs, from its beginning.
func (r *runner) follow(ctx context.Context) error {
	logs, err := r.engine.ContainerLogs(ctx, r.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		return fmt.Errorf("reading the container's logs: %w", err)
	}
	r.logged = make(chan struct{})
	go func() {
		defer close(r.logged)
		if _, err := stdcopy.StdCopy(r.Logs, r.Logs, logs); err != nil && ctx.Err() == nil {
			r.note("The container's logs broke off: " + err.Error())
		}
		_ = logs.Close() // only read
	}()
	return nil
}

// watching is what is known of a running container.
type watching struct {
	*runner

	looks            int
	serves           bool
	stopping, killed bool
	health           container.HealthStatus
}

// look looks at the container, and says when it serves, and when it is unhealthy.
func (w *watching) look(ctx context.Context) (serves bool, err error) {
	w.looks++
	got, err := w.engine.ContainerInspect(ctx, w.id, client.ContainerInspectOptions{})
	if err != nil {
		return false, fmt.Errorf("looking at the container: %w", err)
	}
	state := got.Container.State
	if state == nil || !state.Running {
		return w.serves, nil // its end is about to arrive
	}
	if !w.serves && !w.stopping && w.hasWorkers(ctx) {
		w.serves = true
		address, err := w.address(got.Container)
		if err != nil {
			return false, err
		}
		if err := w.Ready(address); err != nil {
			return false, err
		}
	}
	if state.Health != nil && state.Health.Status != w.health {
		w.judge(state.Health)
	}
	return w.serves, nil
}

// hasWorkers reports whether nginx has come so far that it serves: it listens before it
// starts its workers. One that has none (master_process off), or an engine that cannot
// tell, is given time.
func (w *watching) hasWorkers(ctx context.Context) bool {
	top, err := w.engine.ContainerTop(ctx, w.id, client.ContainerTopOptions{})
	return err == nil && len(top.Processes) > 1 || time.Duration(w.looks)*glance > starting
}

// judge says what the image's health check has found out.
func (w *watching) judge(health *container.Health) {
	was := w.health
	w.health = health.Status
	switch {
	case health.Status == container.Unhealthy:
		var said string
		if n := len(health.Log); n > 0 {
			said = ": " + strings.TrimSpace(health.Log[n-1].Output)
		}
		w.note("The container is unhealthy" + said)
	case health.Status == container.Healthy && was == container.Unhealthy:
		w.note("The container is healthy again")
	}
}
