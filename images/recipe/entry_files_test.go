package recipe_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files lists what is below the folder for results, without the entry's own notes.
func (c container) files() []string {
	c.t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(c.path("shm")), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && name != "nginx/rendered" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return names
}

// As in Kubernetes, files are links to links, and the folders behind them are no
// templates of their own.
func TestEntryFindsTemplates(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	c.write("templates/..2026/mounted.conf.template", "${A}")
	c.write("templates/sub/deep/x.conf.template", "${A}")
	c.write("templates/sub/notes.txt", "${A}")
	c.write("templates/plain.conf", "${A}")
	c.write("templates/.hidden.conf.template", "${A}")
	for name, target := range map[string]string{"..data": "..2026", "mounted.conf.template": "..data/mounted.conf.template"} {
		if err := os.Symlink(target, c.path("templates/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	if code, output := c.run([]string{"A=a"}, "nginx"); code != 0 {
		t.Fatalf("ended with %d, %q", code, output)
	}
	want := []string{"nginx/conf.d/.hidden.conf", "nginx/conf.d/mounted.conf", "nginx/conf.d/sub/deep/x.conf", "nginx/listen.d/default.conf"}
	if diff := cmp.Diff(want, c.files()); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(c.path("shm/nginx/conf.d/mounted.conf"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a result that may hold secrets is %v, %v", info.Mode(), err)
	}

	other := c.path("other")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	code, output := c.run([]string{"A=a", "NGINX_ENVSUBST_TEMPLATE_SUFFIX=.txt", "NGINX_ENVSUBST_OUTPUT_DIR=" + other}, "nginx")
	if code != 0 || c.read("other/sub/notes") != "a" {
		t.Errorf("with a suffix and a folder: ended with %d, %q", code, output)
	}
	if diff := cmp.Diff([]string{"nginx/listen.d/default.conf"}, c.files()); diff != "" {
		t.Error("what the run before has rendered is still there: " + diff)
	}
}

// Nothing of what is wrong with a template is passed over, and nothing half is left.
func TestEntryRefusesTemplates(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare func(*testing.T, container)
		env     []string
		want    string // DIR is the container's folder
	}{
		"link to nowhere": {func(t *testing.T, c container) {
			t.Helper()
			if err := os.Symlink("nowhere", c.path("templates/a.template")); err != nil {
				t.Fatal(err)
			}
		}, nil, "reading DIR/templates/a.template: No such file or directory"},
		"pipe": {func(t *testing.T, c container) {
			t.Helper()
			if err := syscall.Mkfifo(c.path("templates/a.template"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, nil, "DIR/templates/a.template is no file that can be a template"},
		"circle": {func(t *testing.T, c container) {
			t.Helper()
			if err := os.Symlink(".", c.path("templates/loop")); err != nil {
				t.Fatal(err)
			}
		}, nil, "DIR/templates" + strings.Repeat("/loop", 33) + ": the folders are too deep: is there a link in a circle?"},
		"no name": {func(_ *testing.T, c container) { c.write("templates/sub/.template", "") }, nil,
			"DIR/templates/sub/.template: no name is left without .template"},
		"large template": {func(t *testing.T, c container) {
			t.Helper()
			c.write("templates/a.template", "")
			if err := os.Truncate(c.path("templates/a.template"), 16<<20+1); err != nil {
				t.Fatal(err)
			}
		}, nil, "DIR/templates/a.template: the template is too large: it must have no more than 16 MiB"},
		"large result": {func(_ *testing.T, c container) {
			c.write("templates/a.template", strings.Repeat("${BIG}", 200))
		}, []string{"BIG=" + strings.Repeat("x", 100_000)}, "shm/nginx/conf.d/a: the result is too large: it must have no more than 16 MiB"},
		"existing file": {func(_ *testing.T, c container) {
			c.write("templates/a.template", "")
			c.write("shm/nginx/conf.d/a", "somebody's")
		}, nil, "shm/nginx/conf.d/a is there already: remove it, or name the template otherwise"},
		"no folder for results": {func(_ *testing.T, c container) { c.write("templates/a.template", "") },
			[]string{"NGINX_ENVSUBST_OUTPUT_DIR=/nowhere"}, "making /nowhere/a.new: No such file or directory"},
		"templates are a file": {func(t *testing.T, c container) {
			t.Helper()
			if err := os.Remove(c.path("templates")); err != nil {
				t.Fatal(err)
			}
			c.write("templates", "")
		}, nil, "opening DIR/templates: Not a directory"},
		"suffix with a folder": {func(*testing.T, container) {}, []string{"NGINX_ENVSUBST_TEMPLATE_SUFFIX=/x"},
			"NGINX_ENVSUBST_TEMPLATE_SUFFIX is /x: it must be the end of a file name"},
		"place is a link": {func(t *testing.T, c container) {
			t.Helper()
			if err := os.Symlink("/tmp", c.path("shm/nginx")); err != nil {
				t.Fatal(err)
			}
		}, nil, "shm/nginx is no folder of this user's: give each container a /dev/shm of its own"},
		"place is another user's": {func(t *testing.T, c container) {
			t.Helper()
			if os.Getuid() != 0 {
				t.Skip("only root can give a folder away")
			}
			if err := os.Mkdir(c.path("shm/nginx"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(c.path("shm/nginx"), 4242, 4242); err != nil {
				t.Fatal(err)
			}
		}, nil, "shm/nginx is no folder of this user's: give each container a /dev/shm of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newContainer(t)
			tt.prepare(t, c)
			before := c.files()
			code, output := c.run(tt.env, "nginx")
			if want := "nginx-entry: " + strings.ReplaceAll(tt.want, "DIR", c.dir) + "\n"; code != 1 || output != want {
				t.Errorf("ended with %d, %q\nwant 1, %q", code, output, want)
			}
			if diff := cmp.Diff(before, c.files()); diff != "" {
				t.Errorf("left behind: %s", diff)
			}
		})
	}
}

// /dev/shm can outlive a container: one that starts again renders again.
func TestEntryStartsAgain(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	c.write("templates/a.conf.template", "${A}")
	c.write("templates/b.conf.template", "${A}")
	for _, value := range []string{"first", "second"} {
		if code, output := c.run([]string{"A=" + value}, "nginx"); code != 0 {
			t.Fatalf("ended with %d, %q", code, output)
		}
		if got := c.read("shm/nginx/conf.d/a.conf"); got != value {
			t.Errorf("got %q, want %q", got, value)
		}
	}
	// Killed while it wrote: noted, and half written under its temporary name.
	c.write("shm/nginx/conf.d/a.conf.new", "half")
	if err := os.Remove(c.path("templates/b.conf.template")); err != nil {
		t.Fatal(err)
	}
	if code, output := c.run([]string{"A=third"}, "nginx"); code != 0 {
		t.Fatalf("ended with %d, %q", code, output)
	}
	want := []string{"nginx/conf.d/a.conf", "nginx/listen.d/default.conf"}
	if diff := cmp.Diff(want, c.files()); diff != "" {
		t.Error(diff)
	}
	if got := c.read("shm/nginx/conf.d/a.conf"); got != "third" {
		t.Errorf("got %q, want third", got)
	}
}

func TestEntryListens(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	const status = "listen unix:shm/nginx/status.sock;\n"
	for port, want := range map[string]string{"": "8080", "1": "1", "65535": "65535"} {
		if code, output := c.run([]string{"NGINX_PORT=" + port}, "nginx"); code != 0 {
			t.Fatalf("%q: ended with %d, %q", port, code, output)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(c.read("shm/nginx/listen.d/default.conf"), status), "\n")
		lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" || line == "listen [::]:"+want+";\n" })
		if !slices.Equal(lines, []string{"listen " + want + ";\n"}) {
			t.Errorf("%q: listens on %q", port, lines)
		}
	}
	for _, port := range []string{"0", "65536", "99999999999999999999", "-1", "8080;", " 8080", "8080\nx", "0x50", "http", "[::]:80"} {
		code, output := c.run([]string{"NGINX_PORT=" + port}, "nginx")
		if want := "nginx-entry: NGINX_PORT is " + port + ": it must be a number from 1 to 65535\n"; code != 1 || output != want {
			t.Errorf("%q: ended with %d, %q, want 1, %q", port, code, output, want)
		}
	}
	// A template that makes conf.d/default.conf is in the place of the default server.
	c.write("templates/default.conf.template", "")
	if code, output := c.run(nil, "nginx"); code != 0 || c.read("shm/nginx/listen.d/default.conf") != status {
		t.Errorf("ended with %d, %q; listens on %q", code, output, c.read("shm/nginx/listen.d/default.conf"))
	}
}

func TestEntryNamesResolvers(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	c.write("templates/a.template", "${NGINX_LOCAL_RESOLVERS}")
	c.write("resolv.conf", "# nameserver 1.1.1.1\nsearch x\nnameserver 10.0.0.1\nnameserver\tfd00::1 \nnameserver\nnameservers 2.2.2.2\nnameserver 10.0.0.2")
	for asked, want := range map[string]string{"": "${NGINX_LOCAL_RESOLVERS}", "1": "10.0.0.1 [fd00::1] 10.0.0.2"} {
		if code, output := c.run([]string{"NGINX_ENTRYPOINT_LOCAL_RESOLVERS=" + asked}, "nginx"); code != 0 {
			t.Fatalf("ended with %d, %q", code, output)
		}
		if got := c.read("shm/nginx/conf.d/a"); got != want {
			t.Errorf("asked %q: got %q, want %q", asked, got, want)
		}
	}
	if err := os.Remove(c.path("resolv.conf")); err != nil {
		t.Fatal(err)
	}
	if code, output := c.run([]string{"NGINX_ENTRYPOINT_LOCAL_RESOLVERS=1"}, "nginx"); code != 1 || !strings.Contains(output, "resolv.conf: No such file") {
		t.Errorf("without a file: ended with %d, %q", code, output)
	}
}

// What it becomes gets the arguments as they are.
func TestEntryRuns(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	for name, tt := range map[string]struct {
		argv []string
		code int
		want string
	}{
		"nothing":       {nil, 0, "-g daemon off;\n"},
		"nginx":         {[]string{"nginx", "-g", "daemon off;"}, 0, "-g daemon off;\n"},
		"options alone": {[]string{"-t", "-q"}, 0, "-t -q\n"},
		"its path":      {[]string{"/bin/echo", "$HOME", "*"}, 0, "$HOME *\n"},
		"a shell":       {[]string{"no-such-shell"}, 127, "nginx-entry: cannot run no-such-shell: No such file or directory. The image has no program but nginx\n"},
		"no program":    {[]string{c.dir}, 126, "nginx-entry: cannot run " + c.dir + ": Permission denied. The image has no program but nginx\n"},
		"no health":     {[]string{"healthcheck"}, 1, "nginx-entry: nginx listens on no port\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, output := c.run([]string{"PATH=" + filepath.Join(c.dir, "bin")}, tt.argv...); code != tt.code || output != tt.want {
				t.Errorf("ended with %d, %q, want %d, %q", code, output, tt.code, tt.want)
			}
		})
	}
	if code, output := c.run(nil, "--help"); code != 0 || !strings.HasPrefix(output, "usage: nginx-entry ") {
		t.Errorf("--help: ended with %d, %q", code, output)
	}
}
