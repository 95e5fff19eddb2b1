package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
)

// commitName is what git calls a commit by.
var commitName = regexp.MustCompile(`^[0-9a-f]{40}$`)

// commitOf says which commit the files in a folder are of, and whether there is
// something else among them. Where that cannot be known the source says so, and
// err why; the build goes on, for its image is the same.
func commitOf(ctx context.Context, dir, address string) (attest.Source, error) {
	source := attest.Source{Address: address, Tree: attest.TreeUnknown}
	above, err := git(ctx, dir, "rev-parse", "--show-cdup")
	if err != nil {
		return source, err
	}
	if above != "" {
		return source, errors.New("the folder is inside a repository, but not its top")
	}
	commit, err := git(ctx, dir, "rev-parse", "--verify", "HEAD^{commit}")
	if err != nil {
		return source, err
	}
	if !commitName.MatchString(commit) {
		return source, fmt.Errorf("the name of its commit, %q, is not a SHA-1", commit)
	}
	// Files that git does not know count, for they can be in the image; those that
	// it is told to ignore are below dist.
	changes, err := git(ctx, dir, "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=none")
	if err != nil {
		return source, err
	}
	source.Commit, source.Tree = commit, attest.TreeClean
	if changes != "" {
		source.Tree = attest.TreeModified
	}
	return source, nil
}

// git runs it to its end and returns what it prints, or the first line of why it
// does not.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir, "--no-optional-locks"}, args...)...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(problems.String()), "\n")
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, first)
	}
	return strings.TrimSpace(string(out)), nil
}
