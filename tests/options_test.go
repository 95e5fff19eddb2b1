package tests

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/stretchr/testify/require"
)

// settings are what a test changes about a container.
type settings struct {
	image   string            // another than the one under test
	user    string            // "uid:gid", the image's own when empty
	command []string          // the image's own when nil
	ports   []string          // such as "8080/tcp"; published on 127.0.0.1
	binds   map[string]string // directory or file inside: the one on this machine, read-only
	network string            // joined instead of the default one
	alias   string            // name in that network
	shm     int64             // size of /dev/shm in bytes, the engine's default when 0
	ipc     string            // mode of the IPC namespace, which is where /dev/shm comes from
	tty     bool
	noWait  bool
	unlock  bool // leave the root writable
	env     map[string]string
	entry   []string // the image's own entry point when nil
	host    []func(*container.HostConfig)
	health  *container.HealthConfig // none, unlike the image: its requests would be in the logs
	seccomp string                  // text of a profile, conf/deploy/seccomp.json when empty
}

type option func(*testing.T, *settings)

func user(uidGID string) option {
	return func(_ *testing.T, s *settings) { s.user = uidGID }
}

// image runs another image than the one under test.
func image(reference string) option {
	return func(_ *testing.T, s *settings) { s.image = reference }
}

// command runs argv instead of the image's command.
func command(argv ...string) option {
	return func(_ *testing.T, s *settings) { s.command = argv }
}

// env sets variables of the environment.
func env(values map[string]string) option {
	return func(_ *testing.T, s *settings) { s.env = values }
}

// entrypoint runs this in the place of the image's entry point, without its command.
func entrypoint(argv ...string) option {
	return func(_ *testing.T, s *settings) { s.entry = argv }
}

// host changes what no other option does of how the container runs.
func host(change func(*container.HostConfig)) option {
	return func(_ *testing.T, s *settings) { s.host = append(s.host, change) }
}

// healthchecks asks the image's own question again and again.
func healthchecks(interval time.Duration) option {
	return func(t *testing.T, s *settings) {
		t.Helper()
		image := inspectImage(t).Config.Healthcheck
		require.NotNil(t, image)
		s.health = &container.HealthConfig{Test: image.Test, Timeout: image.Timeout, Retries: image.Retries, Interval: interval}
	}
}

// templates are the files of /etc/nginx/templates.
func templates(contents map[string]string) option {
	return func(t *testing.T, s *settings) {
		t.Helper()
		s.binds["/etc/nginx/templates"] = directory(t, contents)
	}
}

// seccomp has another profile judge the system calls; "unconfined" is none.
func seccomp(profile string) option {
	return func(_ *testing.T, s *settings) { s.seccomp = profile }
}

// ports publishes these instead of 8080/tcp.
func ports(list ...string) option {
	return func(_ *testing.T, s *settings) { s.ports = list }
}

func onNetwork(name, alias string) option {
	return func(_ *testing.T, s *settings) { s.network, s.alias = name, alias }
}

func shmSize(bytes int64) option {
	return func(_ *testing.T, s *settings) { s.shm = bytes }
}

func ipcMode(mode string) option {
	return func(_ *testing.T, s *settings) { s.ipc = mode }
}

func tty() option {
	return func(_ *testing.T, s *settings) { s.tty = true }
}

// writableRoot takes off one lock: to see whether nginx would use what it may not.
func writableRoot() option {
	return func(_ *testing.T, s *settings) { s.unlock = true }
}

// noWait returns from start at once: for containers that are meant to end.
func noWait() option {
	return func(_ *testing.T, s *settings) { s.noWait = true }
}

// files mounts a directory or file of this machine, read-only.
func files(host, inside string) option {
	return func(_ *testing.T, s *settings) { s.binds[inside] = host }
}

// config replaces /etc/nginx/conf.d with these files, default.conf included.
func config(contents map[string]string) option {
	return func(t *testing.T, s *settings) {
		t.Helper()
		s.binds["/etc/nginx/conf.d"] = directory(t, contents)
	}
}

// mainConfig replaces /etc/nginx/nginx.conf.
func mainConfig(text string) option {
	return func(t *testing.T, s *settings) {
		t.Helper()
		s.binds["/etc/nginx/nginx.conf"] = filepath.Join(directory(t, map[string]string{"nginx.conf": text}), "nginx.conf")
	}
}

// site replaces /usr/share/nginx/html; names may have directories.
func site(contents map[string]string) option {
	return func(t *testing.T, s *settings) {
		t.Helper()
		s.binds["/usr/share/nginx/html"] = directory(t, contents)
	}
}

// directory holds these files, readable by any user, until the test ends.
func directory(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	write(t, dir, contents)
	return dir
}

// write puts files below dir, readable by any user whatever the umask.
func write(t *testing.T, dir string, contents map[string]string) {
	t.Helper()
	for name, text := range contents {
		file := filepath.Join(dir, filepath.FromSlash(name))
		for parent := filepath.Dir(file); parent != dir; parent = filepath.Dir(parent) {
			require.NoError(t, os.MkdirAll(parent, 0o755))
			require.NoError(t, os.Chmod(parent, 0o755))
		}
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		require.NoError(t, os.Chmod(file, 0o644))
	}
}
