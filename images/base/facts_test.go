package base_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

// TestConstant looks at what a command can find out about where it runs. It
// is not parallel: it changes what the process hands down.
func TestConstant(t *testing.T) {
	commands := map[string]base.Command{
		"system": onSystem(t, "facts", "not UTF-8: \xff"),
		"root":   inRoot(t, nil, "facts", "not UTF-8: \xff"),
	}
	inherited, err := syscall.Dup(0) // without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	defer syscall.Umask(syscall.Umask(0o077))
	t.Setenv("GODEBUG", "inittrace=1") // would have the helper print
	if os.Geteuid() == 0 {
		before, err := syscall.Getgroups()
		if err := errors.Join(err, syscall.Setgroups([]int{4242})); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setgroups(before)
	}

	for name, c := range commands {
		for _, id := range [][2]int{{0, 0}, {65532, 65531}, {0, 5}, {5, 0}} {
			t.Run(fmt.Sprintf("%s as %d:%d", name, id[0], id[1]), func(t *testing.T) {
				c := c
				c.UID, c.GID, c.Env, c.Dir = id[0], id[1], []string{"B=2", "A=1"}, "/dev/shm"
				got := find(t, c)
				checkCommon(t, got)
				if got.UID != id[0] || got.GID != id[1] {
					t.Errorf("it runs as %d:%d", got.UID, got.GID)
				}
				if want := []string{"B=2", "A=1"}; !slices.Equal(got.Env, want) {
					t.Errorf("its environment is %q, want %q", got.Env, want)
				}
				if got.Dir != "/dev/shm" {
					t.Errorf("it runs in %s", got.Dir)
				}
				if !slices.Equal(got.Args, c.Argv) {
					t.Errorf("its arguments are %q, want %q", got.Args, c.Argv)
				}
				// An ordinary user cannot give up groups; they are of no use inside.
				if os.Geteuid() == 0 && len(got.Groups) > 0 {
					t.Errorf("it is in the groups %v", got.Groups)
				}
			})
		}
	}
}

// checkCommon checks what is the same for every command.
func checkCommon(t *testing.T, got facts) {
	t.Helper()
	output := regexp.MustCompile(`^pipe:\[\d+\]$`).FindString(got.Files[1])
	if want := map[int]string{0: "/dev/null", 1: output, 2: output}; output == "" || !maps.Equal(got.Files, want) {
		t.Errorf("its open files are %v, want /dev/null and a pipe twice", got.Files)
	}
	for name, link := range got.Namespaces {
		if outside, err := os.Readlink("/proc/self/ns/" + name); err != nil || link == outside || link == "" {
			t.Errorf("it is in %q, this test in %q, %v", link, outside, err)
		}
	}
	type constant struct {
		Hostname, Input       string
		Umask, Session, PID   int
		Processes, Interfaces []string
		NoNewPrivs, Inh, Prm  string
		Eff, Amb              string
	}
	none := "0000000000000000"
	want := constant{
		Hostname: "localhost", Input: "EOF", Umask: 0o022, Session: 1, PID: 1,
		Processes: []string{"/proc/1"}, Interfaces: []string{"lo loopback"}, // not up
		NoNewPrivs: "1", Inh: none, Prm: none, Eff: none, Amb: none,
	}
	found := constant{
		Hostname: got.Hostname, Input: got.Input, Umask: got.Umask, Session: got.Session, PID: got.PID,
		Processes: got.Processes, Interfaces: got.Interfaces,
		NoNewPrivs: got.Status["NoNewPrivs"],
		Inh:        got.Status["CapInh"], Prm: got.Status["CapPrm"], Eff: got.Status["CapEff"], Amb: got.Status["CapAmb"],
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("it finds (-want +got):\n%s", diff)
	}
}

// A command that asks for the loopback interface has it, and nothing more.
func TestLoopback(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]base.Command{"root": onSystem(t, "facts"), "nginx": onSystem(t, "facts")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Loopback = true
			if name == "nginx" {
				c.UID, c.GID = 65532, 65532
			}
			got := find(t, c)
			if want := []string{"lo up|loopback|running"}; !slices.Equal(got.Interfaces, want) {
				t.Errorf("its interfaces are %q, want %q", got.Interfaces, want)
			}
			for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
				if got.Status[set] != "0000000000000000" {
					t.Errorf("%s is %s", set, got.Status[set])
				}
			}
			c.Argv = []string{"/bin/cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"}
			if got := lines(t, c); !slices.Equal(got, []string{"0"}) {
				t.Errorf("ports are open from %q on", got)
			}
		})
	}
}

func TestRootFolder(t *testing.T) {
	t.Parallel()
	t.Run("system", func(t *testing.T) {
		t.Parallel()
		known := []string{"/bin", "/dev", "/etc", "/lib", "/lib64", "/probe", "/proc", "/sbin", "/tmp", "/usr"}
		for _, name := range find(t, onSystem(t, "facts")).Root {
			if !slices.Contains(known, name) {
				t.Errorf("%s is visible", name)
			}
		}
	})
	t.Run("root", func(t *testing.T) {
		t.Parallel()
		got := find(t, inRoot(t, []string{"data"}, "facts")).Root
		if want := []string{"/bin", "/data", "/dev", "/proc"}; !slices.Equal(got, want) {
			t.Errorf("it finds %q, want %q", got, want)
		}
	})
}
