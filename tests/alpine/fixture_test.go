package alpine

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	fixture "github.com/nginx-scratch/nginx-scratch/tests/fixtures/alpine"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/repository"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/toolchain"
)

const (
	root    = "../.."
	branch  = "v3.22" // what the fixture's release says
	keyName = "fixture@example.org-1.rsa.pub"
)

// imageName keeps the images of these tests apart from real ones in Docker, and
// from those of another run.
var imageName = fmt.Sprintf("nginx-scratch-fixture-%d", os.Getpid())

// crossCompiler makes the arm64 packages, where the machine has it.
const crossCompiler = "aarch64-linux-gnu-gcc"

var hostEnvironment = pipeline.Environment{Getenv: os.Getenv, UserCacheDir: os.UserCacheDir}

// mirrorDir holds the mirror that all tests read, and is gone after the last.
var mirrorDir string

func TestMain(m *testing.M) {
	var err error
	if mirrorDir, err = os.MkdirTemp("", "nginx-scratch-mirror-"); err != nil {
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

// leave removes what the tests have put on the machine: the mirror, and the
// images that builds have loaded into Docker.
func leave() error {
	err := os.RemoveAll(mirrorDir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, listErr := exec.CommandContext(ctx, "docker", "images", "--format", "{{.Repository}}:{{.Tag}}", imageName).Output()
	if listErr != nil {
		return err // no engine, no images
	}
	for reference := range strings.FieldsSeq(string(out)) {
		if text, rmErr := exec.CommandContext(ctx, "docker", "rmi", "-f", reference).CombinedOutput(); rmErr != nil {
			err = errors.Join(err, fmt.Errorf("removing %s: %w: %s", reference, rmErr, text))
		}
	}
	return err
}

// arches are those that packages can be made for here: GOARCH to Alpine's name.
func arches() map[string]string {
	all := map[string]string{"amd64": "x86_64"}
	_, noCompiler := exec.LookPath(crossCompiler)
	_, noEmulator := exec.LookPath(emulator)
	if noCompiler == nil && noEmulator == nil {
		all["arm64"] = "aarch64"
	}
	return all
}

// publish makes the mirror, once.
var publish = sync.OnceValues(func() (repository.Mirror, error) {
	ctx := context.Background()
	out := progress.New(os.Stderr, false, time.Now)
	defer out.Close()
	fetcher, err := pipeline.NewFetcher(hostEnvironment, out)
	if err != nil {
		return repository.Mirror{}, err
	}
	key, err := signingKey(filepath.Join(fetcher.Cache, "fixtures"))
	if err != nil {
		return repository.Mirror{}, err
	}
	mirror := repository.Mirror{Dir: mirrorDir, Key: key}
	for goarch, arch := range arches() {
		packages, err := fixture.Packages(ctx, fixture.Options{
			Repository: root, Cache: fetcher.Cache, Jobs: runtime.NumCPU(), Fetch: fetcher.Fetch, Path: fetcher.Path,
			Keys: map[string][]byte{key.Name: key.PublicPEM()}, Progress: out,
		}, goarch)
		if err != nil {
			return mirror, err
		}
		if err := mirror.Publish(branch, "main", arch, packages); err != nil {
			return mirror, err
		}
	}
	return mirror, nil
})

// publishToolchain adds a repository with a compiler, once.
var publishToolchain = sync.OnceValue(func() error {
	mirror, err := publish()
	if err != nil {
		return err
	}
	packages, err := toolchain.Packages(context.Background(), arches()[runtime.GOARCH])
	if err != nil {
		return err
	}
	return mirror.Publish(branch, "compiler", arches()[runtime.GOARCH], packages)
})

// signingKey is kept in the cache, so that the same packages get the same
// signatures, and what is compiled in a root of them can be kept too.
func signingKey(dir string) (repository.Key, error) {
	file := filepath.Join(dir, "signing-key.pem")
	if data, err := os.ReadFile(file); err == nil {
		if block, _ := pem.Decode(data); block != nil {
			if private, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
				return repository.Key{Name: keyName, Private: private}, nil
			}
		}
	}
	key, err := repository.GenerateKey(keyName)
	if err != nil {
		return key, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return key, err
	}
	data := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key.Private)})
	return key, os.WriteFile(file, data, 0o600)
}

// A site is a checkout whose definitions trust the fixture's key, a mirror that
// is served to it, and a cache of its own.
type site struct {
	pipeline.Options

	stderr   *strings.Builder
	requests *atomic.Int64
	env      map[string]string
}

// newSite serves the mirror in dir.
func newSite(t testing.TB, dir string) *site {
	t.Helper()
	mirror, err := publish()
	require.NoError(t, err)
	s := &site{stderr: &strings.Builder{}, requests: &atomic.Int64{}}
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.env = map[string]string{
		"NGINX_SCRATCH_CACHE": t.TempDir(), "ALPINE_MIRROR": server.URL, "ALPINE_KEYS": filepath.Join(dir, "keys"),
	}
	s.Options = pipeline.Options{
		Repository: checkout(t, mirror.Key), Name: "alpine", Jobs: runtime.NumCPU(), ImageName: imageName,
		Env:    pipeline.Environment{Getenv: func(name string) string { return s.env[name] }, UserCacheDir: os.UserCacheDir},
		Stderr: s.stderr, Now: time.Now,
	}
	return s
}

// checkout copies what a build reads of the repository, and makes it trust the
// key instead of Alpine's.
func checkout(t testing.TB, key repository.Key) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "conf"), os.DirFS(filepath.Join(root, "conf"))))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "images"), 0o755))
	inputs, err := fs.Glob(os.DirFS(root), "images/*.yaml")
	require.NoError(t, err)
	sum := sha256.Sum256(key.PublicPEM())
	pins := fmt.Sprintf("  keys:\n    %s: %s\n", key.Name, hex.EncodeToString(sum[:]))
	var platforms []string
	for _, goarch := range slices.Sorted(maps.Keys(arches())) {
		platforms = append(platforms, "linux/"+goarch)
	}
	for _, name := range append(inputs, "images/static.lock.json") {
		data, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		text := regexp.MustCompile(`(?m)^  keys:\n(    .*\.rsa\.pub: .*\n)+`).ReplaceAllLiteralString(string(data), pins)
		text = regexp.MustCompile(`(?m)^platforms: .*$`).ReplaceAllLiteralString(text, "platforms: ["+strings.Join(platforms, ", ")+"]")
		text = regexp.MustCompile(`(?m)^  branch: .*$`).ReplaceAllLiteralString(text, "  branch: "+branch)
		if name == "images/base.yaml" {
			text = strings.Replace(text, "repositories: [main]", "repositories: [compiler]", 1)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// mirror is the whole one, for tests that do not change it.
func mirror(t testing.TB) string {
	t.Helper()
	m, err := publish()
	require.NoError(t, err)
	return m.Dir
}

func (s *site) lock(t testing.TB) {
	t.Helper()
	_, err := pipeline.Lock(t.Context(), s.Options, false)
	require.NoError(t, err, s.stderr.String())
}

func (s *site) build(t testing.TB) string {
	t.Helper()
	reference, err := pipeline.Build(t.Context(), s.Options)
	require.NoError(t, err, s.stderr.String())
	return reference
}

// layout is the index that the build has written.
func (s *site) layout(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Repository, "dist", s.Name, "oci", "index.json"))
	require.NoError(t, err)
	return data
}
