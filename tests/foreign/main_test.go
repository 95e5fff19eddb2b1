package foreign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

const root = "../.."

// machines are the names of those that static is for, by GOARCH.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64"}

// foreign are the platforms that this machine is not.
func foreign() map[string]string {
	all := map[string]string{}
	for goarch, machine := range machines {
		if goarch != runtime.GOARCH {
			all[goarch] = machine
		}
	}
	return all
}

// imageName keeps the images of these tests apart from real ones in Docker.
var imageName = fmt.Sprintf("nginx-scratch-foreign-%d", os.Getpid())

// checkoutDir holds what is built, and is gone after the last test.
var checkoutDir string

func TestMain(m *testing.M) {
	var err error
	if checkoutDir, err = os.MkdirTemp("", "nginx-scratch-foreign-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // the next one ends at once
		_ = leave()          // what else goes wrong is of no interest now
		os.Exit(1)
	}()
	code := m.Run()
	if err := leave(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// leave removes what the tests have put on the machine: what was built, and from
// Docker containers and images.
func leave() error {
	err := os.RemoveAll(checkoutDir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, left := range []struct{ list, remove []string }{
		{[]string{"ps", "-aq", "--filter", "label=" + imageName}, []string{"rm", "-f"}},
		{[]string{"images", "--format", "{{.Repository}}:{{.Tag}}", imageName}, []string{"rmi", "-f"}},
	} {
		names, listErr := exec.CommandContext(ctx, "docker", left.list...).Output()
		if listErr != nil {
			return err // no engine, nothing in it
		}
		for name := range strings.FieldsSeq(string(names)) {
			if text, rmErr := exec.CommandContext(ctx, "docker", append(left.remove, name)...).CombinedOutput(); rmErr != nil {
				err = errors.Join(err, fmt.Errorf("removing %s: %w: %s", name, rmErr, text))
			}
		}
	}
	return err
}

// A built is the result of a build for all platforms.
type built struct {
	checkout  string
	reference string
	stderr    string
	provision error // what the machine lacks
}

// build makes static for all platforms, once, out of a copy of what a build reads.
// What has been compiled stays in the user's cache.
var build = sync.OnceValues(func() (built, error) {
	for _, machine := range foreign() {
		for _, program := range []string{machine + "-linux-gnu-gcc", "qemu-" + machine + "-static"} {
			if _, err := exec.LookPath(program); err != nil {
				return built{provision: err}, nil
			}
		}
	}
	for _, name := range []string{"conf", "images"} {
		if err := os.CopyFS(filepath.Join(checkoutDir, name), os.DirFS(filepath.Join(root, name))); err != nil {
			return built{}, err
		}
	}
	var stderr strings.Builder
	reference, err := pipeline.Build(context.Background(), pipeline.Options{
		Repository: checkoutDir, Name: "static", ImageName: imageName, Platforms: []string{"all"}, Jobs: runtime.NumCPU(),
		Env:    pipeline.Environment{Getenv: os.Getenv, LookupEnv: os.LookupEnv, UserCacheDir: os.UserCacheDir},
		Stderr: &stderr, Now: time.Now,
	})
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return built{checkout: checkoutDir, reference: reference, stderr: stderr.String()}, err
})

// all is the build for all platforms.
func all(t *testing.T) built {
	t.Helper()
	b, err := build()
	require.NoError(t, err)
	if b.provision != nil {
		t.Skipf("%v: apt-get install gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu linux-libc-dev-arm64-cross linux-libc-dev-riscv64-cross qemu-user-static", b.provision)
	}
	return b
}

// images are those of the index that the build has written, by platform.
func (b built) images(t *testing.T) map[string]v1.Image {
	t.Helper()
	r, err := release.Open(filepath.Join(b.checkout, "dist/static/oci"))
	require.NoError(t, err)
	index, err := r.Index.IndexManifest()
	require.NoError(t, err)
	found := map[string]v1.Image{}
	for _, d := range index.Manifests {
		found[d.Platform.String()], err = r.Index.Image(d.Digest)
		require.NoError(t, err)
	}
	require.Len(t, found, len(index.Manifests), "a platform is there twice")
	return found
}
