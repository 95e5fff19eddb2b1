package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollEvery is how often it is looked whether nginx listens.
const pollEvery = 50 * time.Microsecond

// user is that of nginx-scratch: as root, nginx would look for the user of its workers.
const user = 65532

// A Bare is nginx out of an image, without a container: its root is the image's.
type Bare struct {
	name, root, program string
	port, cpu           int
}

// Bare prepares the server's nginx to be started without a container, with the same
// configuration on other ports.
func (s *Server) Bare(root Root) (Bare, error) {
	b := Bare{name: s.Name, root: root.Dir}
	var err error
	if b.program, err = root.program(); err != nil {
		return Bare{}, fmt.Errorf("starting %s without a container: %w", s.Name, err)
	}
	first, _, _ := strings.Cut(s.cpus, ",")
	if b.cpu, err = strconv.Atoi(first); err != nil {
		return Bare{}, fmt.Errorf("starting %s without a container: its CPU is %q", s.Name, s.cpus)
	}
	ports, err := freePorts(3)
	if err != nil {
		return Bare{}, err
	}
	b.port = ports[0]
	p := Ports{HTTP: ports[0], HTTPS: ports[1], Upstream: s.Ports.Upstream}
	if s.Facts.HTTP3 {
		p.QUIC = ports[2]
	}
	// The image's own /dev/shm, which is an empty folder at most, is the bench's here.
	shm, files := filepath.Join(root.Dir, "dev", "shm"), filepath.Join(root.Dir, "bench")
	err = errors.Join(os.RemoveAll(shm), makeDir(shm), makeDir(files))
	if err != nil {
		return Bare{}, fmt.Errorf("starting %s without a container: %w", s.Name, err)
	}
	if os.Geteuid() == 0 { // else it will not start at all
		if err := os.Chown(shm, user, user); err != nil {
			return Bare{}, fmt.Errorf("starting %s without a container: %w", s.Name, err)
		}
	}
	return b, errors.Join(settings{p, s.Facts.Brotli, s.modules}.write(files), writeCertificate(files, s.farm.Cert, s.farm.key))
}

// Listening starts nginx, waits until it listens, and ends it. It says how long it took
// from just before a process, which is there already, became nginx. It takes root, to
// change the root.
func (b Bare) Listening(ctx context.Context) (took time.Duration, err error) {
	var log strings.Builder
	argv := append([]string{b.program, "-e", "stderr", "-c", folder + "/" + configFile, "-g", "daemon off;"}, beside...)
	cmd, began, err := execProgram(ctx, b.cpu, &log, b.root, argv...)
	if err == nil {
		took, err = b.poll(ctx, began)
	}
	if cmd != nil && cmd.Process != nil {
		// Of its own group it is the leader: no worker stays.
		err = errors.Join(err, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL))
		_ = cmd.Wait() // it was killed
	}
	if err != nil {
		return 0, fmt.Errorf("starting %s without a container: %w: %s", b.name, err, log.String())
	}
	return took, nil
}

// poll connects until somebody accepts.
func (b Bare) poll(ctx context.Context, began int64) (time.Duration, error) {
	to := &unix.SockaddrInet4{Port: b.port, Addr: [4]byte{127, 0, 0, 1}}
	for ctx.Err() == nil {
		socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return 0, err
		}
		err = unix.Connect(socket, to)
		now, clock := monotonic()
		took := time.Duration(now - began)
		if err := errors.Join(clock, unix.Close(socket)); err != nil {
			return 0, err
		}
		switch {
		case err == nil:
			return took, nil
		case !errors.Is(err, unix.ECONNREFUSED), took > patience:
			return 0, err
		}
		time.Sleep(pollEvery)
	}
	return 0, context.Cause(ctx)
}
