//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/moby/profiles/seccomp"

	"github.com/nginx-scratch/nginx-scratch/tests/syscalls"
)

// observe reads all traces in a folder.
func observe(dir string) (syscalls.Observed, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	seen := syscalls.Observed{}
	for _, file := range files {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Ext(file.Name()), "."))
		if err != nil {
			return nil, fmt.Errorf("the trace %s: its name does not end in a process: %w", file.Name(), err)
		}
		text, err := os.Open(filepath.Join(dir, file.Name()))
		if err != nil {
			return nil, err
		}
		one, err := syscalls.Observe(text, pid)
		if err := errors.Join(err, text.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
		seen.Add(one)
	}
	return seen, nil
}

// report prints what was seen, and what of that the profile has wrong is the error.
func report(out io.Writer, p *seccomp.Seccomp, seen syscalls.Observed) error {
	if len(seen) == 0 {
		return errors.New("no container made a system call under a filter: was strace attached?")
	}
	calls := slices.SortedFunc(maps.Keys(seen), func(a, b syscalls.Call) int { return strings.Compare(a.String(), b.String()) })
	rows := []string{"system call\truntime\timage\t"}
	for _, c := range calls {
		rows = append(rows, fmt.Sprintf("%s\t%d\t%d\t", c, seen[c].Runtime, seen[c].Image))
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := fmt.Fprintln(table, strings.Join(rows, "\n")); err != nil {
		return err
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%d system calls allowed\n", len(syscalls.Allowed(p))); err != nil {
		return err
	}
	var problems []error
	for _, c := range syscalls.Missing(p, seen) {
		problems = append(problems, fmt.Errorf("%s is made and not allowed: add it to the profile, or find out who makes it", c))
	}
	for _, name := range syscalls.Unseen(p, seen) {
		problems = append(problems, fmt.Errorf("%s is allowed and was not made: take it out, or move it to a rule whose comment begins with %q and says why", name, syscalls.NotTraced))
	}
	return errors.Join(problems...)
}
