package recipe_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A machine is what its root folder has in it, by name; a name that ends in -> is a
// link to elsewhere.
type machine map[string]string

const (
	groupsFile = "proc/self/cgroup"
	mountsFile = "proc/self/mountinfo"
)

// version2 has a process in a group, and the groups from root on mounted; cpuMax is by
// the folder below the mount.
func version2(group, root string, cpuMax map[string]string) machine {
	m := machine{groupsFile: "0::" + group + "\n", mountsFile: other + "30 23 0:26 " + root + " /sys/fs/cgroup ro - cgroup2 cgroup rw,nsdelegate\n"}
	for folder, text := range cpuMax {
		m["sys/fs/cgroup"+folder+"/cpu.max"] = text
	}
	return m
}

// version1 is the same with the two numbers in two files, as Docker mounts them.
func version1(group, root string, quotas map[string]string) machine {
	m := machine{
		groupsFile: "5:memory:/elsewhere\n3:cpuset:/\n2:cpu,cpuacct:" + group + "\n1:name=systemd:/\n0::/\n",
		mountsFile: other + "36 31 0:33 " + root + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
			"32 31 0:29 " + root + " /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:11 - cgroup cgroup rw,cpu,cpuacct\n",
	}
	for folder, text := range quotas {
		quota, period, _ := strings.Cut(text, " ")
		m["sys/fs/cgroup/cpu,cpuacct"+folder+"/cpu.cfs_quota_us"] = quota + "\n"
		m["sys/fs/cgroup/cpu,cpuacct"+folder+"/cpu.cfs_period_us"] = period + "\n"
	}
	return m
}

// other is a mount that is no group, with a line longer than a path can be.
var other = "22 1 0:21 / / rw - overlay overlay rw,lowerdir=" + strings.Repeat("/layer:", 1000) + "\n23 1 0:5 / /proc rw - proc proc rw\n"

func (m machine) with(name, text string) machine {
	m = maps.Clone(m)
	m[name] = text
	return m
}

func (m machine) without(name string) machine {
	m = maps.Clone(m)
	delete(m, name)
	return m
}

const docker = "/docker/0123abcd"

// limit is the group of a process that sees its own group as the root.
func limit(cpuMax string) machine { return version2("/", "/", map[string]string{"": cpuMax}) }

var cpuTests = []struct {
	name string
	machine
	want int // of 64
}{
	{"version 2: a half", limit("50000 100000\n"), 1},
	{"version 2: one", limit("100000 100000\n"), 1},
	{"version 2: a little more than one", limit("100001 100000\n"), 2},
	{"version 2: one and a half", limit("150000 100000\n"), 2},
	{"version 2: two", limit("200000 100000\n"), 2},
	{"version 2: a short period", limit("3000 1000\n"), 3},
	{"version 2: the longest period", limit("2500000 1000000\n"), 3},
	{"version 2: more than there are", limit("6500000 100000\n"), 64},
	{"version 2: max", limit("max 100000\n"), 64},
	{"version 2: no newline", limit("300000 100000"), 3},
	{"version 2: the host's root has no file", version2("/", "/", nil), 64},
	{"version 2: nested, the inner is tighter", version2("/a/b", "/", map[string]string{"/a": "400000 100000\n", "/a/b": "200000 100000\n"}), 2},
	{"version 2: nested, the outer is tighter", version2("/a/b", "/", map[string]string{"/a": "200000 100000\n", "/a/b": "400000 100000\n"}), 2},
	{"version 2: nested, only the outermost", version2("/a/b/c", "/", map[string]string{"": "500000 100000\n", "/a/b/c": "max 100000\n"}), 5},
	{"version 2: a neighbour", version2("/a", "/", map[string]string{"/b": "100000 100000\n", "/ab": "100000 100000\n"}), 64},
	{"version 2: mounted from above the process", version2("/pod/box", "/pod", map[string]string{"": "400000 100000\n", "/box": "300000 100000\n"}), 3},
	{"version 2: of another with the same start", version2("/pods/box", "/pod", map[string]string{"s/box": "100000 100000\n", "": "400000 100000\n"}), 4},
	{"version 2: mounted by the namespace outside", version2("/", "/../..", map[string]string{"": "700000 100000\n"}), 7},
	{"version 2: moved out of the namespace", version2("/../..", "/", map[string]string{"": "700000 100000\n"}), 7},
	{"version 2: both are outside", version2("/../../box", "/../..", map[string]string{"": "700000 100000\n", "/box": "300000 100000\n"}), 3},
	{"version 2: never above the mount", version2("/../../up", "/", map[string]string{"": "max 100000\n"}).with("sys/up/cpu.max", "100000 100000\n"), 64},
	{"version 2: a group that is gone", version2("/pod/box (deleted)", "/", map[string]string{"/pod": "300000 100000\n"}), 3},

	{"version 1: a half", version1(docker, docker, map[string]string{"": "50000 100000"}), 1},
	{"version 1: one and a half", version1(docker, docker, map[string]string{"": "150000 100000"}), 2},
	{"version 1: two", version1(docker, docker, map[string]string{"": "200000 100000"}), 2},
	{"version 1: none", version1(docker, docker, map[string]string{"": "-1 100000"}), 64},
	{"version 1: with a namespace", version1("/", "/", map[string]string{"": "300000 100000"}), 3},
	{"version 1: the host's mount", version1(docker, "/", map[string]string{"": "-1 100000", docker: "300000 100000"}), 3},
	{"version 1: nested in a container", version1(docker+"/a/b", docker, map[string]string{"": "400000 100000", "/a": "200000 100000", "/a/b": "-1 100000"}), 2},
	{"version 1: another container's mount", version1("/docker/4567", docker, map[string]string{"": "300000 100000"}), 3},
	{"version 1: another container's mount, with a group of ours", version1("/docker/4567abcd/a", docker, map[string]string{"": "300000 100000", "/a": "100000 100000"}), 3},
	{"version 1: zero quota", version1(docker, docker, map[string]string{"": "0 100000"}), 64},
	{"version 1: zero period", version1(docker, docker, map[string]string{"": "100000 0"}), 64},
	{"version 1: negative period", version1(docker, docker, map[string]string{"": "100000 -100000"}), 64},
	{"version 1: no period", version1(docker, docker, map[string]string{"": "100000 100000"}).without("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us"), 64},
	{"version 1: no quota file", version1(docker, docker, map[string]string{"": "100000 100000"}).without("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"), 64},
	{"version 1: not that of memory", version1(docker, docker, nil).with("sys/fs/cgroup/memory/cpu.cfs_quota_us", "100000\n").with("sys/fs/cgroup/memory/cpu.cfs_period_us", "100000\n"), 64},
	{"both versions: the lower", version1(docker, docker, map[string]string{"": "500000 100000"}).
		with(mountsFile, "32 31 0:29 / /one rw - cgroup cgroup rw,cpu\n41 31 0:38 / /two rw - cgroup2 cgroup2 rw\n").
		with("one"+docker+"/cpu.cfs_quota_us", "500000\n").with("one"+docker+"/cpu.cfs_period_us", "100000\n").
		with("two/cpu.max", "400000 100000\n"), 4},
	{"mounted twice", limit("500000 100000\n").with(mountsFile, "30 23 0:26 / /one rw - cgroup2 a rw\n31 23 0:26 / /two rw - cgroup2 b rw\n").
		with("one/cpu.max", "400000 100000\n").with("two/cpu.max", "300000 100000\n"), 3},

	{"nothing at all", machine{}, 64},
	{"no mountinfo", limit("100000 100000\n").without(mountsFile), 64},
	{"no cgroup", limit("100000 100000\n").without(groupsFile), 64},
	{"empty files", limit("").with(mountsFile, "").with(groupsFile, ""), 64},
	{"empty lines", limit("100000 100000\n").with(mountsFile, "\n\n\n").with(groupsFile, "\n\n"), 64},
	{"empty quota", limit(""), 64},
	{"a quota alone", limit("100000\n"), 64},
	{"words", limit("many CPUs\n"), 64},
	{"a number and letters", limit("100000x 100000\n"), 64},
	{"a fraction", limit("100000.5 100000\n"), 64},
	{"negative quota", limit("-100000 100000\n"), 64},
	{"zeroes", limit("0 0\n"), 64},
	{"the largest number", limit("9223372036854775807 1\n"), 64},
	{"a huge quota", limit(strings.Repeat("9", 60) + " 100000\n"), 64},
	{"a huge period", limit("100000 " + strings.Repeat("9", 60) + "\n"), 64},
	{"endless digits", limit(strings.Repeat("1", 100_000)), 64},
	{"zero bytes", limit("\x00\x00\x00 100000\n"), 64},
	{"the quota is a folder", limit("").without("sys/fs/cgroup/cpu.max").with("sys/fs/cgroup/cpu.max/file", ""), 64},
	{"an endless quota", limit("").without("sys/fs/cgroup/cpu.max").with("sys/fs/cgroup/cpu.max->", "/dev/zero"), 64},
	{"an endless mountinfo", limit("100000 100000\n").without(mountsFile).with(mountsFile+"->", "/dev/zero"), 64},
	{"an endless cgroup", limit("100000 100000\n").without(groupsFile).with(groupsFile+"->", "/dev/zero"), 64},
	{"mountinfo without an end", limit("100000 100000\n").with(mountsFile, "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw"), 64},
	{"cgroup without an end", limit("100000 100000\n").with(groupsFile, "0::/"), 64},
	{"mountinfo that says nothing", limit("100000 100000\n").with(mountsFile, "30\n30 23\n30 23 0:26 /\n - cgroup2 \n1 - cgroup2 a b\n1 2 3 - cgroup a\n1 2 3 4 5 - cgroup \n1 2 3 4 5 6 - cgroup2 \n"), 64},
	{"cgroup that says nothing", limit("100000 100000\n").with(groupsFile, ":\n0\n0:\n1:cpu\n1:cpu:\n:cpu\n::\n0::box\n"), 64},
	{"a group too long for a path", version2("/"+strings.Repeat("a/", 3000), "/", map[string]string{"": "100000 100000\n"}), 64},
	{"a group of many levels", version2(strings.Repeat("/a", 1000), "/", map[string]string{"/a/a/a": "200000 100000\n"}), 2},
	{"a mount before many", limit("300000 100000\n").with(mountsFile, "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n"+strings.Repeat(other, 20)), 3},
	{"a mount after too many", limit("300000 100000\n").with(mountsFile, strings.Repeat(other, 20)+"30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n"), 64},
}

func TestCPUs(t *testing.T) {
	t.Parallel()
	program := asker(t)
	var roots []string
	for _, c := range cpuTests {
		roots = append(roots, c.write(t))
	}
	// One answer does not depend on those before it.
	for i, got := range ask(t, program, 64, roots...) {
		if c := cpuTests[i]; got != c.want {
			t.Errorf("%s, after others: of 64 CPUs, %d may be used, not %d", c.name, got, c.want)
		}
	}
	for i, c := range cpuTests {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(t, program, 64, roots[i]); got[0] != c.want {
				t.Errorf("of 64 CPUs, %d may be used, not %d", got[0], c.want)
			}
			// The CPUs that the process may run on are never exceeded.
			if got := ask(t, program, 1, roots[i]); got[0] != 1 {
				t.Errorf("of one CPU, %d may be used", got[0])
			}
		})
	}
}

// write makes a root folder.
func (m machine) write(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range m {
		file, link := strings.CutSuffix(name, "->")
		file = filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if link {
			err = os.Symlink(text, file)
		} else {
			err = os.WriteFile(file, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}
