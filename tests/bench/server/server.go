package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// patience is how long a server may take to answer.
const patience = 20 * time.Second

// A Farm is a folder with what all servers are given, and the CPU that they are on.
type Farm struct {
	dir  string
	CPUs string // those of the contestants, as Linux lists them
	Cert []byte // in PEM
	key  []byte
}

// NewFarm makes one below dir, which nginx's user must be able to enter.
func NewFarm(dir, cpus string) (*Farm, error) {
	cert, key, err := certificate(time.Now())
	if err != nil {
		return nil, err
	}
	return &Farm{dir: dir, CPUs: cpus, Cert: cert, key: key}, nil
}

// A Server is a container with nginx.
type Server struct {
	Name  string
	Image string
	Ports Ports
	Facts Facts
	farm  *Farm
	cpus  string
	dir   string
	// modules are the paths of those to load.
	modules []string
	id      string
	pid     int // of the container's first process
	// FirstAnswer is how long the last start took.
	FirstAnswer time.Duration
}

// Prepare writes the files of a server with these modules, whose upstream is on that port.
// It will listen on free ones.
func (f *Farm) Prepare(ctx context.Context, name, image string, modules []string, upstream int) (*Server, error) {
	facts, err := inspect(ctx, image)
	if err != nil {
		return nil, err
	}
	for _, module := range modules {
		facts.Brotli = facts.Brotli || strings.Contains(module, "brotli")
	}
	s := &Server{Name: name, Image: image, Facts: facts, farm: f, cpus: f.CPUs, dir: filepath.Join(f.dir, name), modules: modules}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	s.Ports = Ports{HTTP: ports[0], HTTPS: ports[1], Upstream: upstream}
	if facts.HTTP3 {
		s.Ports.QUIC = ports[2]
	}
	if err := makeDir(s.dir); err != nil {
		return nil, fmt.Errorf("preparing %s: %w", name, err)
	}
	err = errors.Join(settings{s.Ports, facts.Brotli, modules}.write(s.dir), writePages(filepath.Join(s.dir, "pages")), writeCertificate(s.dir, f.Cert, f.key))
	if err != nil {
		return nil, fmt.Errorf("preparing %s: %w", name, err)
	}
	return s, nil
}

// On has the server run on other CPUs than the contestants.
func (s *Server) On(cpus string) { s.cpus = cpus }

// Start runs the container, until Stop, and waits until it answers. FirstAnswer is how
// long that took since docker run was called.
func (s *Server) Start(ctx context.Context) error {
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	return nil
}

func (s *Server) start(ctx context.Context) error {
	began := time.Now()
	answered := make(chan answer, 1)
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	go func() {
		err := firstAnswer(waiting, s.Ports.HTTP)
		answered <- answer{time.Since(began), err}
	}()
	// Locked as people run it; none of it differs between contestants, and no check of an
	// image's own takes its time.
	args := []string{"run", "-d", "--no-healthcheck", "--label", label, "--network", "host", "--read-only", "--cap-drop", "ALL",
		"--security-opt", "no-new-privileges", "--cpuset-cpus", s.cpus,
		"-v", s.dir + ":" + folder + ":ro", "-v", filepath.Join(s.dir, configFile) + ":/etc/nginx/nginx.conf:ro",
		"-w", folder, s.Image}
	// It is not stopped half-way: then nobody would know what it has started.
	id, err := docker(context.WithoutCancel(ctx), append(append(args, s.Facts.Command...), beside...)...)
	if err != nil {
		return err // cancel ends the one that asks
	}
	s.id = id
	if s.FirstAnswer, err = s.wait(ctx, answered); err != nil {
		return err
	}
	text, err := docker(ctx, "inspect", "-f", "{{.State.Pid}}", id)
	if err != nil {
		return err
	}
	if s.pid, err = strconv.Atoi(text); err != nil || s.pid <= 0 {
		return fmt.Errorf("its first process is %q: the engine must be on this machine", text)
	}
	return nil
}

// An answer is how long it took to come, or why it did not.
type answer struct {
	took time.Duration
	err  error
}

// wait waits for the answer, unless the container ends before.
func (s *Server) wait(ctx context.Context, answered <-chan answer) (time.Duration, error) {
	for {
		select {
		case a := <-answered:
			switch {
			case ctx.Err() != nil:
				return 0, context.Cause(ctx)
			case a.err != nil:
				return 0, fmt.Errorf("it does not answer: %w; %s", a.err, s.log(ctx))
			}
			return a.took, nil
		case <-time.After(time.Second):
		}
		if state, err := docker(ctx, "inspect", "-f", "{{.State.Running}}", s.id); err != nil || state != "true" {
			return 0, errors.Join(err, fmt.Errorf("it has ended: %s", s.log(ctx)))
		}
	}
}

// log is what the server has to say.
func (s *Server) log(ctx context.Context) string {
	out, problems, err := dockerBoth(ctx, "logs", s.id)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(out + "\n" + problems)
}

// Stop removes the container, if there is one, even after ctx has ended.
func (s *Server) Stop(ctx context.Context) error {
	if s.id == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if _, err := docker(ctx, "rm", "-f", "-v", s.id); err != nil {
		return fmt.Errorf("removing %s: %w", s.Name, err)
	}
	s.id, s.pid = "", 0
	return nil
}
