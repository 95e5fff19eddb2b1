package alpine

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const emulator = "qemu-aarch64-static"

// The image for another architecture is checked under emulation, and serves.
func TestForeignPlatform(t *testing.T) {
	t.Parallel()
	for _, program := range []string{crossCompiler, emulator} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%v: apt-get install gcc-aarch64-linux-gnu qemu-user-static", err)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("changing the root needs root")
	}
	s := newSite(t, mirror(t))
	s.Platforms = []string{"linux/arm64"}
	s.lock(t)
	reference := s.build(t)
	assert.Contains(t, reference, "dist/alpine/oci@sha256:", "it is not loaded into Docker, so the layout is named")
	assert.Contains(t, s.stderr.String(), "Not loaded into Docker: no platform is this machine's")
	assert.NotContains(t, s.stderr.String(), "check config", "with an emulator, nginx -t is judged")

	dir := unpack(t, s.image(t, "linux/arm64"))
	address := freeAddress(t)
	write(t, filepath.Join(dir, "test.conf"), "daemon off; master_process off; error_log stderr; pid /dev/shm/pid;\n"+
		"events {}\nhttp { access_log off; client_body_temp_path /dev/shm/b; proxy_temp_path /dev/shm/p; fastcgi_temp_path /dev/shm/f;\n"+
		"uwsgi_temp_path /dev/shm/u; scgi_temp_path /dev/shm/s; include /etc/nginx/mime.types; root /usr/share/nginx/html;\n"+
		"server { listen "+address+"; } }\n")
	copyProgram(t, emulator, filepath.Join(dir, "emulator"))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "dev/shm"), 0o777))
	require.NoError(t, os.Chmod(filepath.Join(dir, "dev/shm"), 0o777))
	require.NoError(t, os.Chmod(dir, 0o755))

	cmd := exec.CommandContext(t.Context(), "/emulator", "/usr/sbin/nginx", "-c", "/test.conf", "-e", "stderr")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}, Pdeathsig: syscall.SIGKILL}
	cmd.Dir, cmd.Env = "/", []string{}
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // its status is that of a killed process
	})
	status, body := await(t, "http://"+address+"/")
	assert.Equal(t, http.StatusOK, status)
	want, err := os.ReadFile(filepath.Join(root, "conf/nginx/html/index.html"))
	require.NoError(t, err)
	assert.Equal(t, string(want), body)
}

// image is the one that the build has written for a platform.
func (s *site) image(t *testing.T, platform string) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(filepath.Join(s.Repository, "dist", s.Name, "oci"))
	require.NoError(t, err)
	want, err := v1.ParsePlatform(platform)
	require.NoError(t, err)
	outer, err := index.IndexManifest()
	require.NoError(t, err)
	inner, err := index.ImageIndex(outer.Manifests[0].Digest)
	require.NoError(t, err)
	found, err := partial.FindImages(inner, func(d v1.Descriptor) bool { return d.Platform.Equals(*want) })
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

// unpack writes the files of an image to a folder.
func unpack(t *testing.T, img v1.Image) string {
	t.Helper()
	dir := t.TempDir()
	stream := mutate.Extract(img)
	defer func() { assert.NoError(t, stream.Close()) }()
	for archive := tar.NewReader(stream); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		require.NoError(t, err)
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		switch h.Typeflag {
		case tar.TypeDir:
			require.NoError(t, os.MkdirAll(name, 0o755))
		case tar.TypeSymlink:
			require.NoError(t, os.Symlink(h.Linkname, name))
		default:
			data, err := io.ReadAll(archive)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(name, data, h.FileInfo().Mode().Perm()))
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
}

func copyProgram(t *testing.T, name, to string) {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o755))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, l.Close()) }()
	return l.Addr().String()
}

// await asks until there is an answer.
func await(t *testing.T, url string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			require.NoError(t, ctx.Err(), "no answer: %v", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		return resp.StatusCode, string(data)
	}
}
