package base_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

func TestNoNetwork(t *testing.T) {
	t.Parallel()
	var addresses []string
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": "@" + unique(t)} {
		server, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		address = network + ":" + server.Addr().String()
		if out, err := exec.Command(filepath.Join(probeDir(t), "probe"), "dial", address).Output(); string(out) != address+": <nil>\n" {
			t.Fatalf("outside: %s %v", out, err)
		}
		addresses = append(addresses, address)
	}
	for _, line := range lines(t, onSystem(t, append([]string{"dial", "tcp:192.0.2.1:80"}, addresses...)...)) {
		if strings.HasSuffix(line, ": <nil>") {
			t.Errorf("connected to %s", line)
		}
	}
}

func TestMachineIsInvisible(t *testing.T) {
	t.Parallel()
	mine := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	work, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want(t, onSystem(t, "try", "stat"), map[string]string{
		mine: "no such file or directory", work: "no such file or directory",
		"/root": "no such file or directory", "/home": "no such file or directory", "/sys": "no such file or directory",
		"/run": "no such file or directory", "/var": "no such file or directory", "/etc/passwd": "no such file or directory",
		"/dev/tty": "no such file or directory", "/dev/kmsg": "no such file or directory", "/usr": "<nil>", "/tmp": "<nil>",
	})
}

// TestReadOnly tries to change the machine from inside, as the user who has
// the most rights to.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	const no, never = "read-only file system", "operation not permitted"
	name := "/" + unique(t)
	for action, paths := range map[string]map[string]string{
		"write": {
			name: no, "/usr" + name: no, "/bin" + name: no, "/etc" + name: no, "/dev" + name: no, "/probe/new": no,
			"/proc/self/comm": no,
			"/tmp" + name:     "<nil>", "/dev/shm" + name: "<nil>", "/dev/null": "<nil>", "/dev/full": "no space left on device",
		},
		"chmod":   {"/dev/null": no, "/usr": no, "/": no},
		"read":    {"/dev/null": "<nil>"},
		"device":  {"/tmp/disk": never},
		"remount": {"/usr": never, "/": never},
		"unmount": {"/usr": never, "/proc": never},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			want(t, onSystem(t, "try", action), paths)
		})
	}
}

// TestOutput has a program open its outputs by name, as nginx does, as a user
// other than the one who made the pipe.
func TestOutput(t *testing.T) {
	t.Parallel()
	for _, uid := range []int{0, 65532} {
		c := inRoot(t, nil, "try", "write", "/dev/stdout", "/dev/stderr", "/dev/fd/1")
		c.UID, c.GID = uid, uid
		out, err := run(t, c)
		if want := strings.Repeat("written\n/dev/NAME: <nil>\n", 3); err != nil ||
			strings.NewReplacer("stdout", "NAME", "stderr", "NAME", "fd/1", "NAME").Replace(out) != want {
			t.Errorf("as %d: %v: %q", uid, err, out)
		}
	}
}

// TestOutputIsUntouched holds that a user who gets the pipe does not get what
// the caller reads it into.
func TestOutputIsUntouched(t *testing.T) {
	t.Parallel()
	needSandbox(t)
	owner := func(path string) uint32 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Uid
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := onSystem(t, "exit", "0")
	c.UID, c.GID = 65532, 65532
	null := owner("/dev/null")
	for _, c.Output = range []io.Writer{file, nil} {
		if err := base.Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if owner("/dev/null") != null || owner(file.Name()) != uint32(os.Geteuid()) {
		t.Error("the command's user owns a file of the caller's")
	}
	if got, err := os.ReadFile(file.Name()); string(got) != "to stdout\nto stderr\n" || err != nil {
		t.Errorf("the file has %q, %v", got, err)
	}
}

// want runs the probe on the paths and compares what it prints for each.
func want(t *testing.T, c base.Command, results map[string]string) {
	t.Helper()
	for path := range results {
		c.Argv = append(c.Argv, path)
	}
	for _, line := range lines(t, c) {
		path, got, _ := strings.Cut(line, ": ")
		if want, ok := results[path]; !ok || got != want {
			t.Errorf("%s %s: %q, want %q", c.Argv[2], path, got, want)
		}
		delete(results, path)
	}
	if len(results) > 0 {
		t.Errorf("%s: nothing printed for %v", c.Argv[2], results)
	}
}
