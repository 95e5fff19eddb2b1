package tests

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/nginx-scratch/nginx-scratch/tests/syscalls"
)

// A trial is a system call that nginx has no use for.
type trial struct {
	number uintptr
	args   []uintptr
}

func (c trial) String() string {
	text := strconv.Itoa(int(c.number))
	for _, arg := range c.args {
		text += "," + strconv.FormatUint(uint64(arg), 10)
	}
	return text
}

const reserved = 600 // more than any architecture has system calls

// refused are the system calls that the profile is there for.
var refused = map[string]trial{
	"ptrace":            {unix.SYS_PTRACE, []uintptr{unix.PTRACE_TRACEME}},
	"process_vm_readv":  {unix.SYS_PROCESS_VM_READV, []uintptr{1}},
	"process_vm_writev": {unix.SYS_PROCESS_VM_WRITEV, []uintptr{1}},
	"kcmp":              {unix.SYS_KCMP, []uintptr{1, 1}},
	"pidfd_getfd":       {unix.SYS_PIDFD_GETFD, []uintptr{^uintptr(0)}},

	"bpf":             {unix.SYS_BPF, nil},
	"perf_event_open": {unix.SYS_PERF_EVENT_OPEN, nil},
	"userfaultfd":     {unix.SYS_USERFAULTFD, nil},
	"io_uring_setup":  {unix.SYS_IO_URING_SETUP, []uintptr{1}},
	"io_uring_enter":  {unix.SYS_IO_URING_ENTER, nil},

	"mount":             {unix.SYS_MOUNT, nil},
	"umount2":           {unix.SYS_UMOUNT2, nil},
	"pivot_root":        {unix.SYS_PIVOT_ROOT, nil},
	"chroot":            {unix.SYS_CHROOT, nil},
	"open_by_handle_at": {unix.SYS_OPEN_BY_HANDLE_AT, nil},
	"fsopen":            {unix.SYS_FSOPEN, nil},
	"open_tree":         {unix.SYS_OPEN_TREE, nil},
	"mknodat":           {unix.SYS_MKNODAT, nil},

	"unshare":                   {unix.SYS_UNSHARE, []uintptr{unix.CLONE_NEWUSER}},
	"setns":                     {unix.SYS_SETNS, nil},
	"clone with a user":         {unix.SYS_CLONE, []uintptr{unix.CLONE_NEWUSER | uintptr(unix.SIGCHLD)}},
	"clone with mounts":         {unix.SYS_CLONE, []uintptr{unix.CLONE_NEWNS | uintptr(unix.SIGCHLD)}},
	"clone with a network":      {unix.SYS_CLONE, []uintptr{unix.CLONE_NEWNET | uintptr(unix.SIGCHLD)}},
	"clone with PIDs":           {unix.SYS_CLONE, []uintptr{unix.CLONE_NEWPID | uintptr(unix.SIGCHLD)}},
	"clone with IPC":            {unix.SYS_CLONE, []uintptr{unix.CLONE_NEWIPC | uintptr(unix.SIGCHLD)}},
	"clone with a host name":    {unix.SYS_CLONE, []uintptr{unix.CLONE_NEWUTS | uintptr(unix.SIGCHLD)}},
	"clone with cgroups":        {unix.SYS_CLONE, []uintptr{unix.CLONE_NEWCGROUP | uintptr(unix.SIGCHLD)}},
	"personality":               {unix.SYS_PERSONALITY, []uintptr{0x0040000}}, // no randomization of addresses
	"prctl of a memory map":     {unix.SYS_PRCTL, []uintptr{unix.PR_SET_MM}},
	"prctl of who may trace":    {unix.SYS_PRCTL, []uintptr{unix.PR_SET_PTRACER}},
	"ioctl that types":          {unix.SYS_IOCTL, []uintptr{0, unix.TIOCSTI}},
	"ioctl of a terminal":       {unix.SYS_IOCTL, []uintptr{0, unix.TIOCLINUX}},
	"socket of packets":         {unix.SYS_SOCKET, []uintptr{unix.AF_PACKET, unix.SOCK_RAW}},
	"socket of netlink":         {unix.SYS_SOCKET, []uintptr{unix.AF_NETLINK, unix.SOCK_RAW}},
	"socket of a hypervisor":    {unix.SYS_SOCKET, []uintptr{unix.AF_VSOCK, unix.SOCK_STREAM}},
	"socket of the kernel's":    {unix.SYS_SOCKET, []uintptr{unix.AF_ALG, unix.SOCK_SEQPACKET}},
	"socket of a bus":           {unix.SYS_SOCKET, []uintptr{unix.AF_CAN, unix.SOCK_RAW}},
	"socketpair, not of unix":   {unix.SYS_SOCKETPAIR, []uintptr{unix.AF_TIPC, unix.SOCK_STREAM}},
	"keyctl":                    {unix.SYS_KEYCTL, nil},
	"add_key":                   {unix.SYS_ADD_KEY, nil},
	"request_key":               {unix.SYS_REQUEST_KEY, nil},
	"init_module":               {unix.SYS_INIT_MODULE, nil},
	"finit_module":              {unix.SYS_FINIT_MODULE, nil},
	"delete_module":             {unix.SYS_DELETE_MODULE, nil},
	"kexec_load":                {unix.SYS_KEXEC_LOAD, nil},
	"reboot":                    {unix.SYS_REBOOT, nil},
	"swapon":                    {unix.SYS_SWAPON, nil},
	"settimeofday":              {unix.SYS_SETTIMEOFDAY, nil},
	"clock_settime":             {unix.SYS_CLOCK_SETTIME, nil},
	"syslog":                    {unix.SYS_SYSLOG, []uintptr{3}},
	"quotactl":                  {unix.SYS_QUOTACTL, nil},
	"acct":                      {unix.SYS_ACCT, nil},
	"execveat":                  {unix.SYS_EXECVEAT, nil},
	"memfd_create":              {unix.SYS_MEMFD_CREATE, nil},
	"setuid by way of setfsuid": {unix.SYS_SETFSUID, nil},
}

// marked is the profile, but what it refuses is left to a tracer; where there is none,
// the kernel says ENOSYS. So what is EPERM under the profile and ENOSYS under this one
// is refused by it, and not for lack of a capability or of a feature in this kernel.
func marked(t *testing.T) option {
	t.Helper()
	const refuse, leave = `"defaultAction": "SCMP_ACT_ERRNO"`, `"defaultAction": "SCMP_ACT_TRACE"`
	require.Contains(t, profile, refuse)
	return seccomp(strings.Replace(profile, refuse, leave, 1))
}

// ended is the answer to a call after which there is nobody to be answered.
const ended = syscall.Errno(1 << 20)

// probe makes system calls in a container, and is what each was answered.
func probe(t *testing.T, calls []trial, opts ...option) []syscall.Errno {
	t.Helper()
	dir := directory(t, nil)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "probe"), "./fixtures/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	argv := []string{"/usr/share/nginx/html/probe"}
	for _, c := range calls {
		argv = append(argv, c.String())
	}
	code, stdout, stderr := run(t, append(opts, ports(), files(dir, "/usr/share/nginx/html"), entrypoint(argv...))...)
	if code == 128+int(syscall.SIGSYS) {
		stdout += "ended\n" // with all of its threads, as newer runtimes have it
	} else {
		require.Zero(t, code, stderr)
	}
	var answers []syscall.Errno
	for line := range strings.Lines(stdout) {
		answer := ended
		if text := strings.TrimSpace(line); text != "ended" {
			n, err := strconv.Atoi(text)
			require.NoError(t, err)
			answer = syscall.Errno(n)
		}
		answers = append(answers, answer)
	}
	require.Len(t, answers, len(calls))
	return answers
}

func needsProfile(t *testing.T) {
	t.Helper()
	if profile == "" {
		t.Skip("the containers run under the engine's own profile")
	}
	if !engineIsLocal() {
		t.Skip("the engine is on another machine, whose architecture may be another one")
	}
}

func TestRefusesSystemCalls(t *testing.T) {
	t.Parallel()
	needsProfile(t)
	names := slices.Sorted(maps.Keys(refused))
	calls := make([]trial, 0, len(names))
	for _, name := range names {
		calls = append(calls, refused[name])
	}
	plain, byMark := probe(t, calls), probe(t, calls, marked(t))
	for i, name := range names {
		t.Logf("%-26s %v", name, plain[i])
		assert.Equal(t, syscall.EPERM, plain[i], name)
		assert.Equal(t, syscall.ENOSYS, byMark[i], "%s is refused by something else than the profile", name)
	}
}

// All numbers, also those that no kernel has yet.
func TestRefusesEverySystemCallOutsideTheProfile(t *testing.T) {
	t.Parallel()
	needsProfile(t)
	p, err := syscalls.Load("../conf/deploy/seccomp.json")
	require.NoError(t, err)
	numbers, err := syscalls.Numbers(t.Context(), runtime.GOARCH)
	require.NoError(t, err)
	allowed := map[uintptr]bool{}
	for _, name := range syscalls.Allowed(p) {
		if number, exists := numbers[name]; exists {
			allowed[number] = true
		}
	}
	require.Greater(t, len(allowed), 50)
	if runtime.GOARCH == "amd64" {
		// Linux does not ask filters about uretprobe and uprobe, which are the kernel's
		// own: it ends programs that call them by themselves.
		allowed[335], allowed[336] = true, true
	}
	var calls []trial
	for number := range uintptr(reserved) {
		if !allowed[number] {
			calls = append(calls, trial{number: number})
		}
	}
	outside, kernels := 0, map[uintptr]bool{}
	for _, number := range numbers {
		kernels[number] = true
	}
	plain, byMark := probe(t, calls), probe(t, calls, marked(t))
	for i, call := range calls {
		// Runtimes say ENOSYS to what is newer than all that a profile names, as a
		// kernel without it does: so programs go on with what is older.
		if plain[i] != syscall.EPERM && plain[i] != syscall.ENOSYS || byMark[i] != syscall.ENOSYS {
			assert.Failf(t, "not refused", "system call %d was answered %v, then %v", call.number, plain[i], byMark[i])
		}
		if kernels[call.number] {
			outside++
		}
	}
	t.Logf("%d system calls of this architecture are refused, %d are allowed", outside, len(allowed))
}

// Programs of glibc's ask for clone3 first, and for clone if there is none.
func TestCloneThreeIsNotThere(t *testing.T) {
	t.Parallel()
	needsProfile(t)
	assert.Equal(t, []syscall.Errno{syscall.ENOSYS}, probe(t, []trial{{number: unix.SYS_CLONE3}}))
}

// The numbers of x32 mean other calls: whoever uses them is ended.
func TestEndsCallersOfOtherArchitectures(t *testing.T) {
	t.Parallel()
	needsProfile(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("x32 is a second set of numbers of amd64's")
	}
	const x32 = 0x40000000
	assert.Equal(t, []syscall.Errno{ended}, probe(t, []trial{{number: x32 | unix.SYS_GETPID}}))
}
