package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// steps runs the plan's commands, at constant paths whatever the cache's.
// Their output goes to the log.
func (j job) steps(ctx context.Context) (err error) {
	f, err := os.OpenFile(j.log(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("starting the log: %w", err)
	}
	log := &journal{file: f}
	defer func() { err = errors.Join(err, f.Close()) }()
	name := j.component.Name
	mounts := []base.Mount{
		{Source: j.source, Target: recipe.Source + "/" + name, Writable: true},
		{Source: j.out(), Target: recipe.Output + "/" + name, Writable: true},
	}
	for _, need := range j.component.Needs {
		mounts = append(mounts, base.Mount{Source: j.Installed(need), Target: recipe.Output + "/" + need})
	}
	for _, s := range j.component.Steps {
		if _, err := fmt.Fprintf(log, "$ %s\n", commandLine(s)); err != nil {
			return fmt.Errorf("writing the log: %w", err)
		}
		err := j.Run(ctx, base.Command{
			Root: j.Root, Mounts: mounts, Argv: s.Argv, Env: slices.Concat(j.env(), s.Env), Dir: s.Dir, Output: log,
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case log.err != nil:
			return fmt.Errorf("writing the log: %w", log.err)
		case err != nil:
			return j.failed(s, err)
		}
	}
	return nil
}

// journal is a log that remembers why it could not be written: the command
// that printed knows only that nobody reads on.
type journal struct {
	file *os.File
	err  error
}

func (l *journal) Write(p []byte) (int, error) {
	n, err := l.file.Write(p)
	l.err = errors.Join(l.err, err)
	return n, err
}

// commandLine is a step as a person would type it.
func commandLine(s recipe.Step) string {
	words := slices.Concat(s.Env, s.Argv)
	for i, word := range words {
		if word == "" || strings.ContainsAny(word, " \t\n\"'\\$") {
			words[i] = strconv.Quote(word)
		}
	}
	return strings.Join(words, " ")
}

// env is the whole environment of every step.
func (j job) env() []string {
	return []string{
		"PATH=" + base.Path, "HOME=/tmp", "TMPDIR=/tmp", "LC_ALL=C", "TZ=UTC",
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(j.Lock.SourceDateEpoch, 10),
		"MAKEFLAGS=-j" + strconv.Itoa(j.Jobs),
	}
}

// tailLines is how much of a log the error of a failed step shows.
const tailLines = 20

// failed moves the log out of the work folder and returns the error that shows
// how it ends.
func (j job) failed(s recipe.Step, cause error) error {
	if errors.Is(cause, base.ErrUnavailable) {
		return cause
	}
	kept := filepath.Join(j.Dir, "logs", j.label(j.component)+".log")
	if err := os.Rename(j.log(), kept); err != nil {
		return errors.Join(cause, fmt.Errorf("keeping the log: %w", err))
	}
	data, err := os.ReadFile(kept)
	if err != nil {
		return errors.Join(cause, fmt.Errorf("reading the log: %w", err))
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return fmt.Errorf("running %q: %w\n  %s\nThe whole log is %s", s.Argv[0], cause, strings.Join(lines, "\n  "), kept)
}
