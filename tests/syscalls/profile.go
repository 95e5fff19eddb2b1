// Package syscalls compares what a seccomp profile allows with the system calls
// that containers were seen to make.
package syscalls

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// NotTraced begins the comment of a rule whose calls need not be seen in a trace;
// the reason follows.
const NotTraced = "Not traced: "

// Load reads a profile in Docker's format, which OCI's is part of. Fields that
// the format does not have are errors.
func Load(path string) (*seccomp.Seccomp, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a seccomp profile: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var p seccomp.Seccomp
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("reading the seccomp profile %s: %w", path, err)
	}
	return &p, nil
}

// Allowed are the names that a profile allows, with any arguments or with some,
// sorted.
func Allowed(p *seccomp.Seccomp) []string {
	names := map[string]bool{}
	for _, rule := range p.Syscalls {
		if rule.Action == specs.ActAllow {
			for _, name := range rule.Names {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// allows says whether a call passes. As in the kernel, one rule is enough.
func allows(p *seccomp.Seccomp, c Call) bool {
	return slices.ContainsFunc(p.Syscalls, func(rule *seccomp.Syscall) bool {
		return rule.Action == specs.ActAllow && slices.Contains(rule.Names, c.Name) && holds(rule.Args, c)
	})
}

// answered says whether a call is refused on purpose, with an error of its own.
func answered(p *seccomp.Seccomp, c Call) bool {
	return slices.ContainsFunc(p.Syscalls, func(rule *seccomp.Syscall) bool {
		return rule.Action == specs.ActErrno && slices.Contains(rule.Names, c.Name)
	})
}

func holds(conditions []specs.LinuxSeccompArg, c Call) bool {
	return !slices.ContainsFunc(conditions, func(a specs.LinuxSeccompArg) bool {
		return a.Index >= uint(len(c.Args)) || !satisfies(a, c.Args[a.Index])
	})
}

func satisfies(a specs.LinuxSeccompArg, value uint64) bool {
	switch a.Op {
	case specs.OpEqualTo:
		return value == a.Value
	case specs.OpNotEqual:
		return value != a.Value
	case specs.OpLessThan:
		return value < a.Value
	case specs.OpLessEqual:
		return value <= a.Value
	case specs.OpGreaterThan:
		return value > a.Value
	case specs.OpGreaterEqual:
		return value >= a.Value
	case specs.OpMaskedEqual:
		return value&a.Value == a.ValueTwo
	}
	return false
}

// Missing are the calls that were seen and that the profile refuses without
// saying so, as sentences, sorted.
func Missing(p *seccomp.Seccomp, seen Observed) []string {
	var missing []string
	for c, n := range seen {
		if !allows(p, c) && !answered(p, c) {
			missing = append(missing, fmt.Sprintf("%s, by the runtime %d times and by the image %d times,", c, n.Runtime, n.Image))
		}
	}
	slices.Sort(missing)
	return missing
}

// Unseen are the names that the profile allows and nobody called, sorted: without
// those of rules that say why.
func Unseen(p *seccomp.Seccomp, seen Observed) []string {
	called := map[string]bool{}
	for c := range seen {
		called[c.Name] = true
	}
	unseen := map[string]bool{}
	for _, rule := range p.Syscalls {
		if rule.Action != specs.ActAllow || strings.HasPrefix(rule.Comment, NotTraced) {
			continue
		}
		for _, name := range rule.Names {
			if !called[name] {
				unseen[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(unseen))
}
