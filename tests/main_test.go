package tests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// interrupted is closed when somebody wants the tests to end. No test starts a
// container after that, and those that run come to their cleanup.
var interrupted = make(chan struct{})

func TestMain(m *testing.M) {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // the next one ends at once
		close(interrupted)
	}()
	code := m.Run()
	if err := os.RemoveAll(targetsDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// prepare makes a plain "go test" do, and stops where no test could say anything.
func prepare() error {
	defaults := map[string]string{
		// The reaper is an image that would have to be pulled, and one that gets the
		// engine's socket. Every container here has a cleanup instead.
		"TESTCONTAINERS_RYUK_DISABLED": "true",
	}
	if engineIsLocal() {
		// "localhost" may be ::1 first, where the engine publishes nothing.
		defaults["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1"
	}
	for name, value := range defaults {
		if _, set := os.LookupEnv(name); !set {
			if err := os.Setenv(name, value); err != nil {
				return fmt.Errorf("setting %s: %w", name, err)
			}
		}
	}
	if err := readProfile(); err != nil {
		return err
	}
	log.SetDefault(log.NewNoopLogger()) // a failing test prints the logs that matter
	return findImage()
}

func findImage() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	engine, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fmt.Errorf("the tests need a Docker engine: start it (sudo systemctl start docker) "+
			"or install it (sudo apt-get install docker.io): %w", err)
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if _, err := engine.ImageInspect(ctx, imageName()); err != nil {
		return fmt.Errorf("the tests need the image %s in Docker: run `go tool mage build`, or name another in NGINX_SCRATCH_IMAGE: %w", imageName(), err)
	}
	return nil
}

// engineIsLocal reports whether containers are processes of this machine.
func engineIsLocal() bool {
	host := os.Getenv("DOCKER_HOST")
	return host == "" || strings.HasPrefix(host, "unix://")
}
