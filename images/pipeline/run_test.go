package pipeline

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/run"
)

func TestContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"conf/deploy/seccomp.json": `{"defaultAction":"SCMP_ACT_ERRNO"}`, "site/x": "", "env": "# of the site\n\nNGINX_PORT=9090\nA==b \r\n"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var notes []string
	note := func(line string) { notes = append(notes, line) }
	got, err := RunOptions{Site: dir + "/site", Templates: dir + "/site", EnvFile: dir + "/env", Port: 8081}.container(dir, note)
	if err != nil {
		t.Fatal(err)
	}
	want := run.Container{
		Memory: runMemory, Pids: runPids, Port: 8081, Listen: "9090/tcp", Env: []string{"NGINX_PORT=9090", "A==b "},
		Seccomp: `{"defaultAction":"SCMP_ACT_ERRNO"}`,
		Mounts:  []run.Mount{{Source: dir + "/site", Target: "/usr/share/nginx/html"}, {Source: dir + "/site", Target: "/etc/nginx/templates"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(notes) > 0 {
		t.Errorf("notes %q; the container is different (-want +got):\n%s", notes, diff)
	}
	if got, err = (RunOptions{}).container(t.TempDir(), note); err != nil || got.Seccomp != "" || got.Listen != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if want := []string{"seccomp: the engine's own profile, for there is no conf/deploy/seccomp.json"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

func TestContainerRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"no-value": "A=1\n\nB\n", "no-name": "=1", "space": "A B=1", "NUL": "A=\x00"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		options RunOptions
		want    string
	}{
		{RunOptions{Port: -1}, "port -1: it must be 1 to 65535"},
		{RunOptions{Port: 65536}, "port 65536: it must be"},
		{RunOptions{Site: dir + "/nothing"}, "no such file or directory"},
		{RunOptions{Conf: dir + "/no-name"}, "it is not a folder"},
		{RunOptions{EnvFile: dir + "/nothing"}, "reading the environment"},
		{RunOptions{EnvFile: dir + "/no-value"}, "no-value:3: a line must be NAME=value"},
		{RunOptions{EnvFile: dir + "/no-name"}, "no-name:1: a line must be"},
		{RunOptions{EnvFile: dir + "/space"}, "space:1: a line must be"},
		{RunOptions{EnvFile: dir + "/NUL"}, "NUL:1: a line must be"},
	} {
		if _, err := tt.options.container(dir, func(string) {}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

// info is a file that belongs to nobody known.
type info struct{ mode fs.FileMode }

func (i info) Name() string       { return "" }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

func TestAllowed(t *testing.T) {
	t.Parallel()
	for mode, want := range map[fs.FileMode]bool{
		0o644: true, 0o604: true, 0o640: false, 0o600: false, 0: false,
		fs.ModeDir | 0o755: true, fs.ModeDir | 0o750: false, fs.ModeDir | 0o754: false, fs.ModeDir | 0o751: false,
	} {
		if got := allowed(info{mode}, 65532, 65532); got != want {
			t.Errorf("%v: %v, want %v", mode, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode fs.FileMode
		uid  int
		want bool
	}{"for all": {0o644, 0, true}, "for root": {0o600, 0, false}, "its own": {0o400, 65532, true}, "its own, locked": {0o044, 65532, false}} {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask
			t.Fatal(err)
		}
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() == 0 {
			if err := os.Chown(path, tt.uid, 0); err != nil {
				t.Fatal(err)
			}
		} else if tt.uid != 0 {
			continue // only root gives files away
		}
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("nothing", filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		var notes []string
		if err := readable([]run.Mount{{Source: dir}}, "65532:65532", func(line string) { notes = append(notes, line) }); err != nil {
			t.Fatal(err)
		}
		if (len(notes) == 0) != tt.want || !tt.want && !strings.Contains(notes[0], path+" has mode") {
			t.Errorf("%s: notes %q", name, notes)
		}
	}
}
