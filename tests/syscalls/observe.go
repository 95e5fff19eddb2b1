package syscalls

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Call is a system call, with as much of its arguments as profiles judge:
// the first two of those in Raw, the namespaces of a clone, and zero otherwise.
type Call struct {
	Name string
	Args [2]uint64
}

func (c Call) String() string {
	if c.Args == [2]uint64{} {
		return c.Name
	}
	return fmt.Sprintf("%s(%#x, %#x)", c.Name, c.Args[0], c.Args[1])
}

// Raw are the calls whose arguments strace is to print as numbers, for its -e raw=.
var Raw = []string{"ioctl", "prctl", "socket", "socketpair"}

// Count says how often a call was made under the container's filter.
type Count struct {
	Runtime int // by the runtime, before it became the container's program
	Image   int // by that program, and all that it started
}

// Observed are the calls that were made under a filter.
type Observed map[Call]Count

// Add puts together what was seen in several containers.
func (o Observed) Add(other Observed) {
	for c, n := range other {
		sum := o[c]
		o[c] = Count{sum.Runtime + n.Runtime, sum.Image + n.Image}
	}
}

var (
	entered = regexp.MustCompile(`^(\d+)\s+(\w+)\((.*)$`)
	resumed = regexp.MustCompile(`^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$`)
	result  = regexp.MustCompile(`\) += (\d+|0x[0-9a-f]+)(?: /\* (\d+) in strace's PID NS \*/)?$`)
)

const (
	prSetSeccomp = 22
	unfinished   = " <unfinished ...>"
)

// namespaces are the flags of clone that make one, as in linux/sched.h.
var namespaces = map[string]uint64{
	"CLONE_NEWNS": 0x00020000, "CLONE_NEWCGROUP": 0x02000000, "CLONE_NEWUTS": 0x04000000,
	"CLONE_NEWIPC": 0x08000000, "CLONE_NEWUSER": 0x10000000, "CLONE_NEWPID": 0x20000000,
	"CLONE_NEWNET": 0x40000000,
}

// A process is what the trace has said of one so far: threads share it.
type process struct {
	filtered bool // a filter judges its calls
	image    bool // and it has executed the container's program since
}

// A line is a call that begins, one that returns, or both.
type line struct {
	pid, name, text string
	enters, returns bool
}

type observer struct {
	seen    Observed
	threads map[string]*process
	waiting map[string][]line // of threads that nobody has been seen to start, yet
	begun   map[string]string // by thread, what was printed of a call that has not returned
}

// Observe reads the output of strace -f -o, with --pidns-translation and -e raw=
// of Raw, for a runtime that was attached to as process pid and that created a
// container. What was called before the container's filter was loaded does not
// count.
func Observe(trace io.Reader, pid int) (Observed, error) {
	o := observer{
		seen: Observed{}, threads: map[string]*process{strconv.Itoa(pid): {}},
		waiting: map[string][]line{}, begun: map[string]string{},
	}
	scanner := bufio.NewScanner(trace)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var err error
		if m := entered.FindStringSubmatch(scanner.Text()); m != nil {
			text, more := strings.CutSuffix(m[3], unfinished)
			err = o.line(line{pid: m[1], name: m[2], text: text, enters: true, returns: !more})
		} else if m := resumed.FindStringSubmatch(scanner.Text()); m != nil {
			err = o.line(line{pid: m[1], name: m[2], text: m[3], returns: true})
		}
		if err != nil {
			return nil, fmt.Errorf("reading the trace of process %d: %w", pid, err)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("reading the trace of process %d: %w", pid, err)
	}
	return o.seen, nil
}

// line takes one in, or keeps it until it is known whose it is: a child often runs
// before its parent's clone has returned.
func (o *observer) line(l line) error {
	p, known := o.threads[l.pid]
	if !known {
		o.waiting[l.pid] = append(o.waiting[l.pid], l)
		return nil
	}
	if l.enters {
		if err := o.count(p, l); err != nil {
			return err
		}
	} else {
		l.text = o.begun[l.pid] + l.text
	}
	if !l.returns {
		o.begun[l.pid] = l.text
		return nil
	}
	delete(o.begun, l.pid)
	return o.returned(p, l)
}

func (o *observer) count(p *process, l line) error {
	if !p.filtered {
		return nil
	}
	c := Call{Name: l.name}
	switch {
	case l.name == "clone":
		for flag := range strings.FieldsFuncSeq(l.text, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') }) {
			c.Args[0] |= namespaces[flag]
		}
	case slices.Contains(Raw, l.name):
		args := strings.SplitN(strings.TrimRight(l.text, " )"), ", ", 3)
		for i := range min(len(args), len(c.Args)) {
			n, err := strconv.ParseUint(args[i], 0, 64)
			if err != nil {
				return fmt.Errorf("argument %d of %s(%s: %w", i, l.name, l.text, err)
			}
			c.Args[i] = n
		}
		if l.name == "ioctl" {
			c.Args[0] = 0 // a descriptor, which no profile judges
		} else {
			c.Args[1] = 0
		}
	}
	n := o.seen[c]
	if p.image {
		n.Image++
	} else {
		n.Runtime++
	}
	o.seen[c] = n
	return nil
}

// returned learns from a call that has succeeded what its process is from now on.
func (o *observer) returned(p *process, l line) error {
	m := result.FindStringSubmatch(l.text)
	if m == nil {
		return nil // it failed, or did not return
	}
	switch l.name {
	case "prctl":
		if strings.HasPrefix(l.text, fmt.Sprintf("%#x, ", prSetSeccomp)) {
			p.filtered = true
		}
	case "seccomp":
		if strings.HasPrefix(l.text, "SECCOMP_SET_MODE_FILTER") {
			p.filtered = true
		}
	case "execve":
		p.image = p.filtered
	case "clone", "clone3", "fork", "vfork":
		child := m[1]
		if m[2] != "" {
			child = m[2]
		}
		next := p
		if !strings.Contains(l.text, "CLONE_THREAD") {
			copied := *p
			next = &copied
		}
		o.threads[child] = next
		lines := o.waiting[child]
		delete(o.waiting, child)
		for _, l := range lines {
			if err := o.line(l); err != nil {
				return err
			}
		}
	}
	return nil
}
