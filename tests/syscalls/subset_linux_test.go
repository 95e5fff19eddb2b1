package syscalls

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

const ours = "../../conf/deploy/seccomp.json"

// architectures are those of the images, as both Go and Docker name them.
var architectures = []string{"amd64", "arm64", "riscv64"}

func existing(t *testing.T, arch string) map[string]uintptr {
	t.Helper()
	numbers, err := Numbers(t.Context(), arch)
	if err != nil {
		t.Fatal(err)
	}
	if len(numbers) < 250 {
		t.Fatalf("%s has no more than %d system calls", arch, len(numbers))
	}
	return numbers
}

// dockers are the rules of Docker's default profile for a container without any
// capability, on the oldest kernel.
func dockers(p *seccomp.Seccomp, arch string) []*seccomp.Syscall {
	var rules []*seccomp.Syscall
	for _, rule := range p.Syscalls {
		in, out := rule.Includes, rule.Excludes
		switch {
		case rule.Action != specs.ActAllow,
			in != nil && (len(in.Caps) > 0 || in.MinKernel != nil),
			in != nil && len(in.Arches) > 0 && !slices.Contains(in.Arches, arch),
			out != nil && slices.Contains(out.Arches, arch):
		default:
			rules = append(rules, rule)
		}
	}
	return rules
}

// implies says whether arguments that meet all of a's conditions meet b.
func implies(a []specs.LinuxSeccompArg, b specs.LinuxSeccompArg) bool {
	return slices.ContainsFunc(a, func(a specs.LinuxSeccompArg) bool {
		if a.Index != b.Index {
			return false
		}
		masks := a.Op == specs.OpMaskedEqual && b.Op == specs.OpMaskedEqual
		return a == b || a.Op == specs.OpEqualTo && satisfies(b, a.Value) ||
			masks && b.Value&^a.Value == 0 && a.ValueTwo&b.Value == b.ValueTwo
	})
}

// beyond are the calls of an architecture that p allows and the rules do not.
func beyond(p *seccomp.Seccomp, rules []*seccomp.Syscall, exists map[string]uintptr) []string {
	var found []string
	for _, rule := range p.Syscalls {
		if rule.Action != specs.ActAllow {
			continue
		}
		for _, name := range rule.Names {
			if is(exists, name) && !slices.ContainsFunc(rules, func(theirs *seccomp.Syscall) bool {
				return slices.Contains(theirs.Names, name) && !slices.ContainsFunc(theirs.Args, func(b specs.LinuxSeccompArg) bool {
					return !implies(rule.Args, b)
				})
			}) {
				found = append(found, fmt.Sprintf("%s%v", name, rule.Args))
			}
		}
	}
	return found
}

func is(exists map[string]uintptr, name string) bool {
	_, ok := exists[name]
	return ok
}

func profile(t *testing.T) *seccomp.Seccomp {
	t.Helper()
	p, err := Load(ours)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStrictSubsetOfDockers(t *testing.T) {
	t.Parallel()
	p, theirs := profile(t), seccomp.DefaultProfile()
	if p.DefaultAction != specs.ActErrno || theirs.DefaultAction != specs.ActErrno {
		t.Fatalf("by default ours does %s and Docker's %s, want %s", p.DefaultAction, theirs.DefaultAction, specs.ActErrno)
	}
	for _, rule := range p.Syscalls {
		if rule.Action != specs.ActAllow && rule.Action != specs.ActErrno || rule.Includes != nil || rule.Excludes != nil || len(rule.Names) == 0 {
			t.Errorf("%q is no plain rule: Kubernetes knows no includes and excludes", rule.Names)
		}
	}
	for _, arch := range architectures {
		rules, exists := dockers(theirs, arch), existing(t, arch)
		if found := beyond(p, rules, exists); len(found) > 0 {
			t.Errorf("%s: Docker's default does not allow %q", arch, found)
		}
		fewer := 0
		for _, name := range Allowed(&seccomp.Seccomp{Syscalls: rules}) {
			if is(exists, name) && !slices.Contains(Allowed(p), name) {
				fewer++
			}
		}
		if fewer == 0 {
			t.Errorf("%s: ours allows all that Docker's default does", arch)
		}
		t.Logf("%s: Docker's default allows %d calls that ours does not", arch, fewer)
	}
}

// The test above would be of no use if these passed.
func TestBeyond(t *testing.T) {
	t.Parallel()
	rules, exists := dockers(seccomp.DefaultProfile(), "amd64"), existing(t, "amd64")
	equal := func(value uint64) []specs.LinuxSeccompArg {
		return []specs.LinuxSeccompArg{{Index: 0, Value: value, Op: specs.OpEqualTo}}
	}
	masked := func(mask, value uint64) []specs.LinuxSeccompArg {
		return []specs.LinuxSeccompArg{{Index: 0, Value: mask, ValueTwo: value, Op: specs.OpMaskedEqual}}
	}
	for name, tt := range map[string]struct {
		call   string
		args   []specs.LinuxSeccompArg
		beyond bool
	}{
		"allowed":                         {"read", nil, false},
		"allowed, and ours is narrower":   {"read", equal(1), false},
		"with a capability":               {"mount", nil, true},
		"by no means":                     {"keyctl", nil, true},
		"with any argument":               {"socket", nil, true},
		"with an argument that is":        {"socket", equal(2), false},
		"with one that is not":            {"socket", equal(40), true}, // AF_VSOCK
		"on a newer kernel":               {"ptrace", nil, true},
		"with no namespace":               {"clone", masked(0x7e020000, 0), false},
		"with even less":                  {"clone", masked(0x7e020100, 0), false},
		"with a namespace":                {"clone", masked(0x7e020000, 0x10000000), true},
		"with a namespace that is unseen": {"clone", masked(0x6e020000, 0), true},
		"a condition on another argument": {"clone", []specs.LinuxSeccompArg{{Index: 1, Value: 0x7e020000, Op: specs.OpMaskedEqual}}, true},
	} {
		p := &seccomp.Seccomp{Syscalls: []*seccomp.Syscall{{LinuxSyscall: specs.LinuxSyscall{
			Names: []string{tt.call}, Action: specs.ActAllow, Args: tt.args,
		}}}}
		if got := beyond(p, rules, exists); (len(got) > 0) != tt.beyond {
			t.Errorf("%s: beyond Docker's are %q", name, got)
		}
	}
}

// newer are the calls that do the same on architectures without the first ones.
var newer = map[string]string{
	"access": "faccessat", "chmod": "fchmodat", "chown": "fchownat", "dup2": "dup3", "epoll_wait": "epoll_pwait",
	"fork": "clone", "getpgrp": "getpgid", "link": "linkat", "lstat": "newfstatat", "mkdir": "mkdirat", "open": "openat", "pipe": "pipe2",
	"poll": "ppoll", "readlink": "readlinkat", "rename": "renameat2", "renameat": "renameat2", "rmdir": "unlinkat", "stat": "newfstatat", "unlink": "unlinkat",
}

// Traces are of one architecture; the file is for all of them.
func TestEveryArchitecture(t *testing.T) {
	t.Parallel()
	allowed := Allowed(profile(t))
	everywhere := map[string]int{}
	for _, arch := range architectures {
		for name := range existing(t, arch) {
			everywhere[name]++
		}
	}
	// What they need their registers and caches for has no like elsewhere.
	own := []string{"arch_prctl", "riscv_flush_icache", "riscv_hwprobe"}
	for _, name := range allowed {
		switch {
		case everywhere[name] == 0:
			t.Errorf("%s is no system call", name)
		case everywhere[name] < len(architectures) && !slices.Contains(own, name) && !slices.Contains(allowed, newer[name]):
			t.Errorf("%s is not a call of all of %q, and what does the same there (%q) is not allowed", name, architectures, newer[name])
		}
	}
	for _, m := range profile(t).ArchMap {
		if len(m.SubArches) > 0 {
			t.Errorf("%s allows calls of %q, which nothing in the image makes", m.Arch, m.SubArches)
		}
	}
}

func TestNamesAreInOrder(t *testing.T) {
	t.Parallel()
	var all []string
	for _, rule := range profile(t).Syscalls {
		if !slices.IsSorted(rule.Names) {
			t.Errorf("not in order: %q", rule.Names)
		}
		if rule.Comment == "" {
			t.Errorf("%q: no comment says why", rule.Names)
		}
		if len(rule.Args) == 0 {
			all = append(all, rule.Names...)
		}
	}
	slices.Sort(all)
	for i := range all[1:] {
		if all[i] == all[i+1] {
			t.Errorf("%s is there twice", all[i])
		}
	}
}

func TestReadmeSaysHowMany(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(\d+) system calls`).FindSubmatch(text)
	if want := strconv.Itoa(len(Allowed(profile(t)))); m == nil || string(m[1]) != want {
		t.Errorf("README.md speaks of %q, and seccomp.json allows %s system calls", m, want)
	}
}
