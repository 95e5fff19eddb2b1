package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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
	id    string
	pid   int // of the container's first process
}

// Prepare writes the files of a server that will listen on these ports, or on free ones
// where they are 0.
func (f *Farm) Prepare(ctx context.Context, name, image string, upstream int) (*Server, error) {
	facts, err := inspect(ctx, image)
	if err != nil {
		return nil, err
	}
	s := &Server{Name: name, Image: image, Facts: facts, farm: f, cpus: f.CPUs, dir: filepath.Join(f.dir, name)}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	s.Ports = Ports{HTTP: ports[0], HTTPS: ports[1], Upstream: upstream}
	if facts.HTTP3 {
		s.Ports.QUIC = ports[2]
	}
	if err := os.Mkdir(s.dir, 0o755); err != nil { //nolint:gosec // nginx's user reads it
		return nil, fmt.Errorf("preparing %s: %w", name, err)
	}
	err = errors.Join(settings{s.Ports, facts.Brotli}.write(s.dir), writePages(filepath.Join(s.dir, "pages")), writeCertificate(s.dir, f.Cert, f.key))
	if err != nil {
		return nil, fmt.Errorf("preparing %s: %w", name, err)
	}
	return s, nil
}

// On has the server run on other CPUs than the contestants.
func (s *Server) On(cpus string) { s.cpus = cpus }

// Start runs the container, until Stop, and waits until it listens.
func (s *Server) Start(ctx context.Context) error {
	// Locked as people run it; none of it differs between contestants.
	id, err := docker(ctx, "run", "-d", "--label", label, "--network", "host", "--read-only", "--cap-drop", "ALL",
		"--security-opt", "no-new-privileges", "--cpuset-cpus", s.cpus,
		"-v", s.dir+":/bench:ro", "-v", filepath.Join(s.dir, "nginx.conf")+":/etc/nginx/nginx.conf:ro", s.Image)
	if err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	s.id = id
	if err := s.wait(ctx); err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	text, err := docker(ctx, "inspect", "-f", "{{.State.Pid}}", id)
	if err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	if s.pid, err = strconv.Atoi(text); err != nil || s.pid <= 0 {
		return fmt.Errorf("starting %s: its first process is %q: the engine must be on this machine", s.Name, text)
	}
	return nil
}

// wait connects until somebody listens.
func (s *Server) wait(ctx context.Context) error {
	deadline := time.Now().Add(patience)
	var dialer net.Dialer
	for ctx.Err() == nil {
		conn, err := dialer.DialContext(ctx, "tcp", Address(s.Ports.HTTP))
		if err == nil {
			return conn.Close()
		}
		state, inspected := docker(ctx, "inspect", "-f", "{{.State.Running}}", s.id)
		if inspected == nil && state != "true" || time.Now().After(deadline) {
			_, log, _ := dockerBoth(ctx, "logs", s.id) // the error above is the better one
			return fmt.Errorf("it does not listen: %w; %s", err, log)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return context.Cause(ctx)
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

// Address is a port of 127.0.0.1.
func Address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// freePorts are some that nobody listens on just now.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() //nolint:errcheck // nothing was sent; all are kept until the last is found
		address, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("looking for a free port: got %v", l.Addr())
		}
		ports = append(ports, address.Port)
	}
	return ports, nil
}

// Facts are what an image says of itself.
type Facts struct {
	ID      string // as the engine knows it
	Size    int64  // bytes on disk
	Version string // of nginx, such as 1.26.3
	OpenSSL string
	HTTP3   bool
	Brotli  bool
}

func inspect(ctx context.Context, image string) (Facts, error) {
	text, err := docker(ctx, "image", "inspect", "-f", "{{.Id}} {{.Size}}", image)
	if err != nil {
		return Facts{}, fmt.Errorf("looking at %s: %w: mage build makes nginx-scratch:static; load or pull any other", image, err)
	}
	var f Facts
	if _, err := fmt.Sscan(text, &f.ID, &f.Size); err != nil {
		return Facts{}, fmt.Errorf("looking at %s: docker says %q: %w", image, text, err)
	}
	_, version, err := dockerBoth(ctx, "run", "--rm", "--label", label, "--network", "none", "--read-only", "--entrypoint", "nginx", image, "-e", "stderr", "-V")
	if err != nil {
		return Facts{}, fmt.Errorf("asking %s for nginx -V: %w", image, err)
	}
	f.read(version)
	return f, nil
}

// read takes what nginx -V says apart.
func (f *Facts) read(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if version, ok := strings.CutPrefix(line, "nginx version: nginx/"); ok {
			f.Version, _, _ = strings.Cut(version, " ")
		}
		if built, ok := strings.CutPrefix(line, "built with "); ok {
			f.OpenSSL = built
		}
	}
	f.HTTP3 = strings.Contains(text, "--with-http_v3_module")
	f.Brotli = strings.Contains(text, "brotli")
}
