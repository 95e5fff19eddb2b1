package foreign

import (
	"archive/tar"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secure = `server {
    listen 8443 ssl;
    http2 on;
    ssl_certificate /etc/nginx/certs/server.crt;
    ssl_certificate_key /etc/nginx/certs/server.key;
    root /usr/share/nginx/html;
}
`

const template = `server {
    listen 9000;
    location / {
        default_type text/plain;
        return 200 "${GREETING} from $uri\n";
    }
}
`

// Each foreign image runs in an emulator as it would on its own platform: entry
// point, templates, nginx with its workers, health check.
func TestRun(t *testing.T) {
	t.Parallel()
	b := all(t)
	if text, err := exec.CommandContext(t.Context(), "docker", "version").CombinedOutput(); err != nil {
		t.Skipf("no engine: %v: %s", err, text)
	}
	images := b.images(t)
	launcher := filepath.Join(t.TempDir(), "launcher")
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", launcher, "./launcher")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := compile.CombinedOutput()
	require.NoError(t, err, string(text))
	for goarch, machine := range foreign() {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			emulator, err := exec.LookPath("qemu-" + machine + "-static")
			require.NoError(t, err)
			name := imageName + ":" + goarch
			load(t, name, images["linux/"+goarch], map[string]string{"emulator/nginx": emulator, "usr/sbin/nginx": launcher})
			serve(t, name)
		})
	}
}

// load puts the files of an image and some of this machine's into Docker, as an image
// for this machine. The nginx of the image moves to where the launcher expects it.
func load(t *testing.T, name string, img v1.Image, more map[string]string) {
	t.Helper()
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	stream := mutate.Extract(img)
	defer func() { assert.NoError(t, stream.Close()) }()
	for in := tar.NewReader(stream); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if strings.TrimPrefix(h.Name, "/") == "usr/sbin/nginx" {
			h.Name += ".foreign"
		}
		require.NoError(t, out.WriteHeader(h))
		_, err = io.Copy(out, in)
		require.NoError(t, err)
	}
	for to, from := range more {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: to, Mode: 0o755, Size: int64(len(data))}))
		_, err = out.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	cmd := exec.CommandContext(t.Context(), "docker", "import", "-c", "USER 65532:65532",
		"-c", `ENTRYPOINT ["/emulator/nginx", "/usr/sbin/nginx-entry"]`, "-c", `CMD ["nginx", "-g", "daemon off;"]`, "-", name)
	cmd.Stdin = &archive
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
}

// serve runs an image with every lock on, and asks it for pages.
func serve(t *testing.T, name string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	certificate, key, pool := selfSigned(t)
	for file, text := range map[string]string{
		"certs/server.crt": certificate, "certs/server.key": key, "conf.d/secure.conf": secure, "templates/greet.conf.template": template,
	} {
		path := filepath.Join(dir, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	page, err := fs.ReadFile(os.DirFS(root), "conf/nginx/html/index.html")
	require.NoError(t, err)

	locks := []string{"--label", imageName, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}
	version := docker(t, append(append([]string{"run", "--rm"}, locks...), name, "nginx", "-V")...)
	assert.Contains(t, version, "nginx version: nginx/")
	assert.Contains(t, version, "-linux-gnu-gcc -specs=")
	assert.Contains(t, docker(t, append(append([]string{"run", "--rm"}, locks...), name, "nginx", "-t")...), "test is successful")

	args := append([]string{"run", "-d", "-e", "GREETING=hello", "-p", "127.0.0.1::8080", "-p", "127.0.0.1::8443", "-p", "127.0.0.1::9000"}, locks...)
	for _, folder := range []string{"certs", "templates"} {
		args = append(args, "-v", filepath.Join(dir, folder)+":/etc/nginx/"+folder+":ro")
	}
	args = append(args, "-v", filepath.Join(dir, "conf.d/secure.conf")+":/etc/nginx/conf.d/secure.conf:ro", name)
	id := strings.TrimSpace(docker(t, args...))
	t.Cleanup(func() {
		if t.Failed() {
			text, err := exec.Command("docker", "logs", id).CombinedOutput()
			t.Logf("%s %v", text, err)
		}
		assert.NoError(t, exec.Command("docker", "rm", "-f", id).Run())
	})
	address := func(port string) string { return strings.Fields(docker(t, "port", id, port))[0] }

	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "foreign.test", MinVersion: tls.VersionTLS13}, ForceAttemptHTTP2: true,
	}}
	t.Cleanup(client.CloseIdleConnections)
	assert.Equal(t, string(page), get(t, client, "http://"+address("8080")+"/").body, "the default server")
	encrypted := get(t, client, "https://"+address("8443")+"/")
	assert.Equal(t, string(page), encrypted.body, "over TLS")
	assert.Equal(t, uint16(tls.VersionTLS13), encrypted.tls.Version)
	assert.Equal(t, tls.X25519MLKEM768, encrypted.tls.CurveID, "OpenSSL's own arithmetic for this architecture")
	assert.Equal(t, 2, encrypted.major)
	assert.Equal(t, "hello from /x\n", get(t, client, "http://"+address("9000")+"/x").body, "the template")

	assertProtected(t, strings.TrimSpace(docker(t, "inspect", "-f", "{{.State.Pid}}", id)))
	docker(t, "exec", id, "/emulator/nginx", "/usr/sbin/nginx-entry", "healthcheck")
	out, err := exec.CommandContext(t.Context(), "docker", "exec", "-e", "NGINX_PORT=1", id, "/emulator/nginx", "/usr/sbin/nginx-entry", "nothing").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "cannot run nothing")
	assert.Empty(t, changes(docker(t, "diff", id)), "nothing was written")
	docker(t, "kill", "-s", "QUIT", id)
	assert.Equal(t, "0", strings.TrimSpace(docker(t, "wait", id)), "stopped gracefully")
}

// changes leaves out what the engine makes for mounts, and where.
func changes(diff string) (all []string) {
	mounts := []string{"/etc", "/etc/nginx", "/etc/nginx/conf.d", "/etc/nginx/conf.d/secure.conf", "/etc/nginx/certs", "/etc/nginx/templates"}
	for line := range strings.Lines(diff) {
		if path := strings.Fields(line)[1]; !slices.Contains(mounts, path) {
			all = append(all, path)
		}
	}
	return all
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
	require.NoError(t, err, "docker %q: %s", args, out)
	return string(out)
}

// An answer is what a page is and how it came.
type answer struct {
	body  string
	tls   *tls.ConnectionState
	major int // version of HTTP
}

// get asks until there is an answer.
func get(t *testing.T, client *http.Client, url string) answer {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		require.NoError(t, err)
		resp, err := client.Do(req)
		if _, wrong := errors.AsType[*tls.CertificateVerificationError](err); err != nil && !wrong && time.Now().Before(deadline) {
			continue
		}
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Equal(t, http.StatusOK, resp.StatusCode, url)
		return answer{string(data), resp.TLS, resp.ProtoMajor}
	}
}
