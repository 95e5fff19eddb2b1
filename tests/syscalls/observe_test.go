package syscalls

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObserve(t *testing.T) {
	t.Parallel()
	// A runtime, process 10, with a thread; it starts the container's first process,
	// 20, which is 1 inside, and that has a thread, 21, when it loads the filter.
	const start = `10 openat(AT_FDCWD, ""..., O_RDONLY) = 3
10 clone(child_stack=0xc000, flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SYSVSEM) = 11
11 bpf(BPF_PROG_LOAD, 0xc000, 144) = -1 EPERM (Operation not permitted)
10 clone(child_stack=0xc000, flags=CLONE_NEWPID|SIGCHLD <unfinished ...>
20 ptrace(PTRACE_TRACEME) = 0
10 <... clone resumed>) = 1 /* 20 in strace's PID NS */
20 clone(child_stack=0xc000, flags=CLONE_VM|CLONE_THREAD) = 2 /* 21 in strace's PID NS */
`
	const filter = "20 prctl(0x16, 0x2, 0xc0001dc800, 0, 0) = 0\n"
	const nginx = "20 execve(\"/usr/sbin/nginx\", [...], 0xc0 /* 3 vars */) = 0\n"
	for name, tt := range map[string]struct {
		trace string
		want  Observed
	}{
		"nothing":              {"", Observed{}},
		"no filter":            {start + nginx + "20 getpid() = 1\n", Observed{}},
		"a filter not loaded":  {start + "20 prctl(0x16, 0x2, 0xc0) = -1 EACCES (Permission denied)\n20 getpid() = 1\n", Observed{}},
		"another prctl":        {start + "20 prctl(0x26, 0x1, 0, 0, 0) = 0\n20 getpid() = 1\n", Observed{}},
		"loaded by seccomp":    {start + "20 seccomp(SECCOMP_SET_MODE_FILTER, 0, 0xc0) = 0\n20 getpid() = 1\n", Observed{{Name: "getpid"}: {Runtime: 1}}},
		"only asked about":     {start + "20 seccomp(SECCOMP_GET_ACTION_AVAIL, 0, [SECCOMP_RET_LOG]) = 0\n20 getpid() = 1\n", Observed{}},
		"the runtime's":        {start + filter + "20 close(3) = 0\n", Observed{{Name: "close"}: {Runtime: 1}}},
		"of its other threads": {start + filter + "21 futex(0xc0, FUTEX_WAKE_PRIVATE, 1) = 1\n", Observed{{Name: "futex"}: {Runtime: 1}}},
		"of nobody's":          {start + filter + "99 bpf(0) = 0\n10 bpf(0) = 0\n11 bpf(0) = 0\n", Observed{}},
		"refused ones count":   {start + filter + "20 mount(0) = -1 EPERM (Operation not permitted)\n", Observed{{Name: "mount"}: {Runtime: 1}}},
		"unfinished, once":     {start + filter + "20 read(3,  <unfinished ...>\n10 close(3) = 0\n20 <... read resumed>\"\"..., 11) = 3\n", Observed{{Name: "read"}: {Runtime: 1}}},
		"the image's": {start + filter + nginx + "20 getpid() = 1\n20 getpid() = 1\n", Observed{
			{Name: "execve"}: {Runtime: 1}, {Name: "getpid"}: {Image: 2},
		}},
		"of a program not found": {start + filter + "20 execve(\"/x\", [...], 0xc0) = -1 ENOENT (No such file or directory)\n20 getpid() = 1\n", Observed{
			{Name: "execve"}: {Runtime: 1}, {Name: "getpid"}: {Runtime: 1},
		}},
		"of a child that runs first": {start + filter + nginx + "20 fork( <unfinished ...>\n30 epoll_create1(0) = 8\n20 <... fork resumed>) = 7 /* 30 in strace's PID NS */\n", Observed{
			{Name: "execve"}: {Runtime: 1}, {Name: "fork"}: {Image: 1}, {Name: "epoll_create1"}: {Image: 1},
		}},
		"arguments": {start + filter + "20 socket(0x10, 0x3, 0) = 3\n20 ioctl(3, 0x5421, 0x7f) = 0\n20 prctl(0x4, 0x1, 0, 0, 0) = 0\n20 clone(child_stack=NULL, flags=CLONE_NEWUSER|CLONE_NEWNS|SIGCHLD) = -1 EPERM (Operation not permitted)\n20 connect(3, {sa_family=AF_UNIX}, 8) = 0\n", Observed{
			{Name: "socket", Args: [2]uint64{16}}: {Runtime: 1}, {Name: "ioctl", Args: [2]uint64{0, 0x5421}}: {Runtime: 1}, {Name: "prctl", Args: [2]uint64{4}}: {Runtime: 1},
			{Name: "clone", Args: [2]uint64{0x10020000}}: {Runtime: 1}, {Name: "connect"}: {Runtime: 1},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Observe(strings.NewReader(tt.trace), 10)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestObserveRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ trace, want string }{
		"arguments that are no numbers": {"10 prctl(0x16, 0x2, 0) = 0\n10 socket(AF_INET, SOCK_STREAM, 0) = 3\n", `argument 0 of socket(AF_INET`},
		"a line without an end":         {strings.Repeat("x", 2<<20), "token too long"},
	} {
		if _, err := Observe(strings.NewReader(tt.trace), 10); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func FuzzObserve(f *testing.F) {
	f.Add("10 clone(flags=CLONE_THREAD <unfinished ...>\n11 prctl(0x16, 0x2) = 0\n10 <... clone resumed>) = 1 /* 11 in strace's PID NS */\n11 ioctl(1, 2) = 0\n")
	f.Fuzz(func(_ *testing.T, trace string) {
		_, _ = Observe(strings.NewReader(trace), 10)
	})
}
